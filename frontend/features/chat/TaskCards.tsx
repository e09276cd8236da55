"use client";
import { Check, Minus, Pencil, Plus, RotateCcw, Trash2 } from "lucide-react";
import { useRef, useState } from "react";
import { openTask } from "@/features/shell/state";
import { DueLabel, PriorityLabel, TagLabel, TaskCheck } from "@/features/tasks/marks";
import { useTask } from "@/sync/tasks";
import styles from "./cards.module.css";
import type { Action, Task } from "./store";

const DONE: Record<string, { verb: string; icon: typeof Plus }> = {
  create_task: { verb: "Added", icon: Plus },
  update_task: { verb: "Changed", icon: Pencil },
  complete_task: { verb: "Completed", icon: Check },
  reopen_task: { verb: "Reopened", icon: RotateCcw },
  restore_task: { verb: "Brought back", icon: RotateCcw },
  delete_task: { verb: "Deleted", icon: Trash2 },
};

export interface Deed {
  tool: string;
  task: Task;
}

const isTask = (value: unknown): value is Task => typeof value === "object" && value !== null && "id" in value && "title" in value && "status" in value;

/** What the actions of a turn did, once for each task: several changes of one are one, and a new task's are part of its making. */
export function deedsOf(actions: Action[]): Deed[] {
  const deeds = new Map<string, Deed>();
  for (const { tool, result } of actions) {
    if (!(tool in DONE) || !isTask(result)) continue;
    const before = deeds.get(result.id);
    const isPartOfIt = before && tool === "update_task";
    deeds.set(result.id, { tool: isPartOfIt ? before.tool : tool, task: result });
  }
  return [...deeds.values()];
}

function Marks({ task }: { task: Task }) {
  const hasPriority = task.priority === "high" || task.priority === "urgent";
  if (!task.due_date && !hasPriority && task.tags.length === 0) return null;
  return (
    <span className={styles.marks}>
      <DueLabel task={task} />
      {hasPriority ? <PriorityLabel priority={task.priority} /> : null}
      {task.tags.slice(0, 4).map((tag) => (
        <TagLabel key={tag} tag={tag} />
      ))}
    </span>
  );
}

function Card({ deed, isUndone, isFirst }: { deed: Deed; isUndone: boolean; isFirst: boolean }) {
  const live = useTask(deed.task.id);
  const isDeleted = deed.tool === "delete_task";
  const task = (isDeleted ? null : live) ?? deed.task;
  const { verb, icon: Icon } = DONE[deed.tool] ?? { verb: "Changed", icon: Minus };
  return (
    <li>
      <button type="button" className={styles.card} data-tool={deed.tool} data-undone={isUndone} disabled={!live} onClick={() => openTask(task.id)}>
        <span className={isFirst ? styles.verb : "visually-hidden"}>
          <Icon size={13} strokeWidth={2.25} aria-hidden />
          {isUndone ? `${verb}, then undone` : verb}
        </span>
        <span className={styles.title}>{task.title}</span>
        <Marks task={task} />
      </button>
    </li>
  );
}

const SHOWN = 5;

function More({ count, onClick }: { count: number; onClick: () => void }) {
  return count > 0 ? (
    <button type="button" className={styles.more} onClick={onClick}>
      Show {count} more
    </button>
  ) : null;
}

/** What the chatbot did. */
export function Deeds({ deeds, isUndone }: { deeds: Deed[]; isUndone: boolean }) {
  const [isOpen, setOpen] = useState(false);
  const shown = isOpen ? deeds : deeds.slice(0, SHOWN);
  return (
    <>
      <ul className={styles.cards}>
        {shown.map((deed, index) => (
          <Card key={deed.task.id} deed={deed} isUndone={isUndone} isFirst={deed.tool !== shown[index - 1]?.tool} />
        ))}
      </ul>
      <More count={deeds.length - shown.length} onClick={() => setOpen(true)} />
    </>
  );
}

function Row({ task: told, number }: { task: Task; number: number }) {
  const task = useTask(told.id);
  const shown = task ?? told;
  // A task of the answer may be on its way; one that was here and is not is deleted.
  const wasHere = useRef(false);
  if (task) wasHere.current = true;
  return (
    <li className={styles.row} data-gone={!task && wasHere.current}>
      <span className={styles.number} aria-hidden>
        {number}
      </span>
      {task ? <TaskCheck task={task} /> : <span className={styles.noCheck} />}
      <button type="button" className={styles.open} disabled={!task} onClick={() => openTask(told.id)}>
        <span className={styles.rowTitle} data-over={shown.status === "completed" || shown.status === "cancelled"}>
          {shown.title}
        </span>
        <Marks task={shown} />
      </button>
    </li>
  );
}

/** The tasks of an answer, as they are now; their numbers are what "the second one" means. */
export function AnsweredTasks({ tasks, isFolded }: { tasks: Task[]; isFolded: boolean }) {
  const [isOpen, setOpen] = useState(!isFolded);
  const shown = isOpen ? tasks : tasks.slice(0, SHOWN);
  return (
    <>
      <ol className={styles.rows}>
        {shown.map((task, index) => (
          <Row key={task.id} task={task} number={index + 1} />
        ))}
      </ol>
      <More count={tasks.length - shown.length} onClick={() => setOpen(true)} />
    </>
  );
}
