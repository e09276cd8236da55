"use client";
import { Check, Repeat } from "lucide-react";
import { memo, useRef } from "react";
import { useTaskDrag } from "@/features/board/drag";
import { openTask } from "@/features/shell/state";
import { isOver, PRIORITY_NAMES } from "@/features/tasks/marks";
import { useNow, useZone } from "@/features/time/useNow";
import { formatTime } from "@/features/time/zone";
import type { Task } from "@/sync/tasks";
import { cx } from "@/ui/cx";
import styles from "./calendar.module.css";
import { timeOfTask } from "./days";
import type { Occurrence } from "./occurrences";

interface ChipProps {
  task: Task;
  /** Its title over several lines, under its time. */
  isTall?: boolean;
  /** Reached with Tab: its day has the focus. */
  isReachable: boolean;
}

/** A task in a day of the calendar. */
export const Chip = memo(function Chip({ task, isTall, isReachable }: ChipProps) {
  const chip = useRef<HTMLButtonElement>(null);
  const zone = useZone();
  const now = useNow();
  useTaskDrag(chip, task.id);
  const time = timeOfTask(task, zone);
  const isClosed = isOver(task);
  const isOverdue = !isClosed && task.due_date != null && Date.parse(task.due_date) < now;
  const isNotable = task.priority === "urgent" || task.priority === "high";
  return (
    <button
      ref={chip}
      type="button"
      tabIndex={isReachable ? 0 : -1}
      className={cx(styles.chip, isTall && styles.tall)}
      data-task={task.id}
      data-priority={isClosed ? undefined : task.priority}
      data-closed={isClosed || undefined}
      data-overdue={isOverdue || undefined}
      title={task.title}
      onClick={(event) => {
        event.stopPropagation();
        openTask(task.id);
      }}
    >
      {isClosed ? <Check size={12} strokeWidth={2.5} aria-label="Done" /> : null}
      {time && task.due_date ? <time className={styles.chipTime}>{formatTime(task.due_date, zone)}</time> : null}
      <span className={styles.chipTitle}>{task.title}</span>
      {isOverdue || (isNotable && !isClosed) ? (
        <span className="visually-hidden">
          {isOverdue ? ", overdue" : ""}
          {isNotable ? `, ${PRIORITY_NAMES[task.priority].toLowerCase()} priority` : ""}
        </span>
      ) : null}
    </button>
  );
});

/** A repeating task on a day to come: it leads to the task, and cannot be moved by itself. */
export const OccurrenceChip = memo(function OccurrenceChip({ occurrence, isTall, isReachable }: { occurrence: Occurrence; isTall?: boolean; isReachable: boolean }) {
  const zone = useZone();
  const { task, due } = occurrence;
  return (
    <button
      type="button"
      tabIndex={isReachable ? 0 : -1}
      className={cx(styles.chip, isTall && styles.tall)}
      data-occurrence
      title={`${task.title}, repeats`}
      onClick={(event) => {
        event.stopPropagation();
        openTask(task.id);
      }}
    >
      <Repeat size={11} aria-hidden />
      {timeOfTask({ due_date: due }, zone) ? <time className={styles.chipTime}>{formatTime(due, zone)}</time> : null}
      <span className={styles.chipTitle}>{task.title}</span>
      <span className="visually-hidden">, repeats on this day</span>
    </button>
  );
});
