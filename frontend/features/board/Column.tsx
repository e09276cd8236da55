"use client";
import { ChevronRight, Plus } from "lucide-react";
import { type FormEvent, useRef, useState } from "react";
import { MAX_TITLE } from "@/features/editors/limits";
import { type Status, STATUS_NAMES } from "@/features/tasks/marks";
import { createTask, type Task, together, updateTask } from "@/sync/tasks";
import { Button } from "@/ui/button";
import styles from "./board.module.css";
import { Card } from "./Card";
import { DONE_DAYS } from "./columns";
import { useTaskDrop } from "./drag";

const PAGE = 60;

const EMPTY: Record<Status, string> = {
  pending: "Nothing to do",
  in_progress: "Drag here what you are working on",
  completed: "Nothing done in the last days",
  cancelled: "Nothing cancelled",
};

function Add({ status }: { status: Status }) {
  const [title, setTitle] = useState<string | null>(null);
  if (title === null)
    return (
      <button type="button" className={styles.add} onClick={() => setTitle("")}>
        <Plus size={16} aria-hidden />
        Add task
        <span className="visually-hidden">to {STATUS_NAMES[status]}</span>
      </button>
    );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (title.trim() === "") return;
    together(() => {
      const id = createTask({ title: title.trim() });
      if (status !== "pending") updateTask(id, { status });
    });
    setTitle("");
  };
  return (
    <form className={styles.addForm} onSubmit={submit}>
      <input
        autoFocus
        aria-label={`New task in ${STATUS_NAMES[status]}`}
        placeholder="What is to be done"
        maxLength={MAX_TITLE}
        enterKeyHint="done"
        value={title}
        onChange={(event) => setTitle(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && setTitle(null)}
        onBlur={() => title.trim() === "" && setTitle(null)}
      />
    </form>
  );
}

interface ColumnProps {
  status: Status;
  tasks: readonly Task[];
  /** Shows only its head until it is unfolded. */
  isFolding?: boolean;
  onDrop: (taskIds: string[]) => void;
}

/** A column of the board: the tasks of one status. */
export function Column({ status, tasks, isFolding, onDrop }: ColumnProps) {
  const column = useRef<HTMLElement>(null);
  const isHeldOver = useTaskDrop(column, onDrop);
  const [isOpen, setOpen] = useState(!isFolding);
  const [shown, setShown] = useState(PAGE);
  const name = (
    <>
      {STATUS_NAMES[status]}
      <span className={styles.count}>
        {tasks.length}
        <span className="visually-hidden">{tasks.length === 1 ? " task" : " tasks"}</span>
      </span>
    </>
  );
  return (
    <section ref={column} className={styles.column} aria-label={STATUS_NAMES[status]} data-status={status} data-folded={!isOpen || undefined} data-held={isHeldOver || undefined}>
      <h2 className={styles.columnName}>
        {isFolding ? (
          <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            <ChevronRight size={16} aria-hidden />
            {name}
          </button>
        ) : (
          name
        )}
      </h2>
      {status === "completed" ? <p className={styles.columnNote}>Last {DONE_DAYS} days</p> : null}
      {isOpen ? (
        <>
          {tasks.length === 0 ? <p className={styles.empty}>{EMPTY[status]}</p> : null}
          <ul className={styles.cards}>
            {tasks.slice(0, shown).map((task) => (
              <Card key={task.id} task={task} />
            ))}
          </ul>
          {tasks.length > shown ? (
            <Button variant="quiet" size="small" onClick={() => setShown(shown + PAGE)}>
              Show {Math.min(PAGE, tasks.length - shown)} more
            </Button>
          ) : null}
          {status === "pending" || status === "in_progress" ? <Add status={status} /> : null}
        </>
      ) : null}
    </section>
  );
}
