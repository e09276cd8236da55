"use client";
import { ChevronRight, CircleDot } from "lucide-react";
import dynamic from "next/dynamic";
import { useState } from "react";
import { GrowingText } from "@/features/editors/GrowingText";
import { MAX_DESCRIPTION, MAX_TITLE } from "@/features/editors/limits";
import { propertyTrigger } from "@/features/editors/Property";
import { PropertyFields } from "@/features/editors/PropertyFields";
import { STATUS_NAMES, STATUSES, TaskCheck } from "@/features/tasks/marks";
import { useToday, useZone } from "@/features/time/useNow";
import { dayInWords, dayOf, formatTime } from "@/features/time/zone";
import { type Task, updateTask, usePending } from "@/sync/tasks";
import { Menu, MenuRadioGroup } from "@/ui/menu";
import styles from "./panel.module.css";
import { inSentence } from "./historyLines";
import { useDraft } from "./useDraft";

const History = dynamic(() => import("./History").then((module) => module.History), { ssr: false });

const oneLine = (text: string): string => text.replace(/\s*[\r\n]+\s*/g, " ").trim();
const isTitle = (text: string): boolean => text !== "" && [...text].length <= MAX_TITLE;
const isDescription = (text: string): boolean => [...text].length <= MAX_DESCRIPTION;

function Elsewhere({ text, use }: { text: string | null; use: () => void }) {
  if (text === null) return null;
  return (
    <p className={styles.elsewhere} role="status">
      Changed on another device to “{text.length > 120 ? `${text.slice(0, 120)}…` : text || "nothing"}”.{" "}
      {/* Keeps the focus from leaving the field, which would save it. */}
      <button type="button" onMouseDown={(event) => event.preventDefault()} onClick={use}>
        Use that
      </button>
    </p>
  );
}

function Title({ task }: { task: Task }) {
  const draft = useDraft(task.title, (title, base) => updateTask(task.id, { title }, { title: base }), isTitle, oneLine);
  const length = [...draft.text.trim()].length;
  const problem = length === 0 ? "A task needs a title" : length > MAX_TITLE ? `A title has at most ${MAX_TITLE} characters; this one has ${length}` : null;
  return (
    <div className={styles.text}>
      <GrowingText
        label="Title"
        className={styles.title}
        value={draft.text}
        data-done={task.status === "completed" || undefined}
        aria-invalid={problem ? true : undefined}
        aria-describedby={problem ? "title-problem" : undefined}
        onChange={(event) => draft.change(event.target.value)}
        onBlur={() => (problem ? draft.drop() : draft.leave())}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.nativeEvent.isComposing) return;
          event.preventDefault();
          event.currentTarget.blur();
        }}
      />
      {problem ? (
        <p id="title-problem" className={styles.problem} role="alert">
          {problem}
        </p>
      ) : null}
      <Elsewhere text={draft.elsewhere} use={draft.drop} />
    </div>
  );
}

function Description({ task }: { task: Task }) {
  const save = (text: string, base: string) => updateTask(task.id, { description: text || null }, { description: base || null });
  const draft = useDraft(task.description ?? "", save, isDescription);
  const isTooLong = !isDescription(draft.text);
  return (
    <div className={styles.text}>
      <GrowingText
        label="Description"
        className={styles.description}
        placeholder="Add notes"
        value={draft.text}
        aria-invalid={isTooLong || undefined}
        aria-describedby={isTooLong ? "description-problem" : undefined}
        onChange={(event) => draft.change(event.target.value)}
        onBlur={draft.leave}
      />
      {isTooLong ? (
        <p id="description-problem" className={styles.problem} role="alert">
          A description has at most {MAX_DESCRIPTION} characters
        </p>
      ) : null}
      <Elsewhere text={draft.elsewhere} use={draft.drop} />
    </div>
  );
}

function Moment({ name, instant }: { name: string; instant: string }) {
  const zone = useZone();
  const today = useToday();
  return (
    <span>
      {name}{" "}
      <time dateTime={instant}>
        {inSentence(dayInWords(dayOf(instant, zone), today))} {formatTime(instant, zone)}
      </time>
    </span>
  );
}

/** A task with all its fields, each edited in place. */
export function TaskDetails({ task }: { task: Task }) {
  const isPending = usePending(task.id);
  const [isHistoryOpen, setHistoryOpen] = useState(false);
  return (
    <div className={styles.panel}>
      <div className={styles.heading}>
        <TaskCheck task={task} />
        <Title task={task} />
      </div>
      <div className={styles.fields}>
        <Menu trigger={propertyTrigger({ name: "Status", icon: <CircleDot size={16} strokeWidth={1.75} aria-hidden />, summary: STATUS_NAMES[task.status] })}>
          <MenuRadioGroup
            label="Status"
            value={task.status}
            options={STATUSES.map((value) => ({ value, label: STATUS_NAMES[value] }))}
            onChange={(status) => updateTask(task.id, { status })}
          />
        </Menu>
        <PropertyFields
          values={{
            ...task,
            due_date: task.due_date ?? null,
            recurrence_pattern: task.recurrence_pattern ?? null,
            recurrence_from: task.recurrence_from ?? "due_date",
          }}
          onChange={(patch, saw) => updateTask(task.id, patch, saw)}
        />
      </div>
      <Description task={task} />
      <section className={styles.history}>
        <h3>
          <button type="button" aria-expanded={isHistoryOpen} aria-controls="task-history" className={styles.fold} onClick={() => setHistoryOpen(!isHistoryOpen)}>
            <ChevronRight size={16} aria-hidden />
            History
          </button>
        </h3>
        <div id="task-history">{isHistoryOpen ? <History taskId={task.id} /> : null}</div>
      </section>
      <p className={styles.stamps}>
        <Moment name="Created" instant={task.created_at} />
        {task.completed_at ? <Moment name="Done" instant={task.completed_at} /> : null}
        {isPending ? <span role="status">Saving</span> : <Moment name="Changed" instant={task.updated_at} />}
      </p>
    </div>
  );
}
