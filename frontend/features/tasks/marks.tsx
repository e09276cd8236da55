"use client";
import { Check, Flag, Repeat } from "lucide-react";
import Link from "next/link";
import { useNow, useZone } from "@/features/time/useNow";
import { dayOf, dueInWords, formatTime, timeOf } from "@/features/time/zone";
import { completeTask, reopenTask, type Task, undo } from "@/sync/tasks";
import { notify } from "@/ui/notify";
import styles from "./marks.module.css";

export const PRIORITIES = ["urgent", "high", "medium", "low"] as const;
export const STATUSES = ["pending", "in_progress", "completed", "cancelled"] as const;
export type Priority = (typeof PRIORITIES)[number];
export type Status = (typeof STATUSES)[number];

export const PRIORITY_NAMES: Record<Priority, string> = { urgent: "Urgent", high: "High", medium: "Medium", low: "Low" };
export const STATUS_NAMES: Record<Status, string> = { pending: "To do", in_progress: "In progress", completed: "Done", cancelled: "Cancelled" };

/** Whether nothing is left to do. */
export const isOver = (task: Pick<Task, "status">) => task.status === "completed" || task.status === "cancelled";

/** Completes or reopens a task and offers to take that back. */
export function toggleCompleted(task: Task): void {
  const change = task.status === "completed" ? reopenTask(task.id) : completeTask(task.id);
  if (change) notify(task.status === "completed" ? "Reopened" : "Done", { description: task.title, undo: () => undo(change) });
}

/** The circle that completes a task. */
export function TaskCheck({ task, tabIndex }: { task: Task; tabIndex?: number }) {
  const isDone = task.status === "completed";
  return (
    <button
      type="button"
      role="checkbox"
      tabIndex={tabIndex}
      aria-checked={isDone}
      aria-label={isDone ? `Reopen ${task.title}` : `Complete ${task.title}`}
      data-priority={task.priority}
      className={styles.check}
      onClick={(event) => {
        event.stopPropagation();
        toggleCompleted(task);
      }}
    >
      <Check size={14} strokeWidth={3} aria-hidden />
    </button>
  );
}

interface DueLabelProps {
  task: Pick<Task, "due_date" | "status" | "recurrence_pattern">;
  /** The day is said elsewhere. */
  timeOnly?: boolean;
}

/** When a task is due, in the person's words and zone. */
export function DueLabel({ task, timeOnly }: DueLabelProps) {
  const now = useNow();
  const zone = useZone();
  if (!task.due_date) return null;
  const today = dayOf(now, zone);
  const isOpen = !isOver(task);
  const when = isOpen && Date.parse(task.due_date) < now ? "overdue" : isOpen && dayOf(task.due_date, zone) === today ? "today" : undefined;
  const isWholeDay = timeOf(task.due_date, zone) === "23:59";
  if (timeOnly && isWholeDay && !task.recurrence_pattern) return null;
  return (
    <time className={styles.due} dateTime={task.due_date} data-when={when}>
      {task.recurrence_pattern ? <Repeat size={13} aria-label="Repeats" /> : null}
      {when === "overdue" ? <span className="visually-hidden">Overdue: </span> : null}
      {timeOnly ? (isWholeDay ? null : formatTime(task.due_date, zone)) : dueInWords(task.due_date, zone, today)}
    </time>
  );
}

/** A priority with its name. */
export function PriorityLabel({ priority }: { priority: Priority }) {
  return (
    <span className={styles.priority} data-priority={priority}>
      <Flag size={13} aria-hidden fill={priority === "low" ? "none" : "currentColor"} />
      {PRIORITY_NAMES[priority]}
    </span>
  );
}

export function TagLabel({ tag }: { tag: string }) {
  return <span className={styles.tag}>{tag}</span>;
}

/** A tag that leads to the tasks that have it. */
export function TagLink({ tag, tabIndex }: { tag: string; tabIndex?: number }) {
  return (
    <Link href={`/tasks?tag=${encodeURIComponent(tag)}`} className={styles.tag} tabIndex={tabIndex} prefetch={false} draggable={false}>
      {tag}
    </Link>
  );
}
