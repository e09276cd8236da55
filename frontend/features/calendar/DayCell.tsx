"use client";
import { memo, useRef } from "react";
import { useTaskDrop } from "@/features/board/drag";
import { type Day, formatDay } from "@/features/time/zone";
import type { Task } from "@/sync/tasks";
import styles from "./calendar.module.css";
import { Chip, OccurrenceChip } from "./Chip";
import { isWeekend, type Span } from "./days";
import type { Occurrence } from "./occurrences";

/** So many chips fit into a day of a month. */
const FIT = 3;
const DOTS = 4;
const NONE: readonly Task[] = [];
const NO_OCCURRENCES: readonly Occurrence[] = [];

interface DayCellProps {
  day: Day;
  span: Span;
  tasks: readonly Task[] | undefined;
  /** Of repeating tasks, which are due on another day now. */
  occurrences: readonly Occurrence[] | undefined;
  /** Only a mark for each task: the list of the chosen day stands below. */
  isCompact: boolean;
  isToday: boolean;
  /** Of the neighbouring month. */
  isOutside: boolean;
  /** Has the focus, or would get it. */
  isActive: boolean;
  onChoose: (day: Day) => void;
  onOpen: (day: Day) => void;
  onMove: (taskIds: string[], day: Day) => void;
}

/** A day of the calendar with its tasks; tasks can be dropped onto it. */
export const DayCell = memo(function DayCell({ day, span, tasks = NONE, occurrences = NO_OCCURRENCES, isCompact, isToday, isOutside, isActive, onChoose, onOpen, onMove }: DayCellProps) {
  const cell = useRef<HTMLDivElement>(null);
  const isHeldOver = useTaskDrop(cell, (ids) => onMove(ids, day));
  const total = tasks.length + occurrences.length;
  const room = span === "week" || total <= FIT ? total : FIT - 1;
  const shown = tasks.slice(0, room);
  const coming = occurrences.slice(0, room - shown.length);
  const count = tasks.length === 0 ? "no tasks" : tasks.length === 1 ? "1 task" : `${tasks.length} tasks`;
  const repeats = occurrences.length > 0 ? `, ${occurrences.length} to repeat` : "";
  return (
    <div
      ref={cell}
      role="gridcell"
      tabIndex={isActive ? 0 : -1}
      aria-label={`${formatDay(day, { weekday: "long", day: "numeric", month: "long" })}, ${count}${repeats}`}
      aria-selected={isActive}
      aria-current={isToday ? "date" : undefined}
      className={styles.day}
      data-day={day}
      data-outside={isOutside || undefined}
      data-weekend={isWeekend(day) || undefined}
      data-held={isHeldOver || undefined}
      onClick={() => onChoose(day)}
      onDoubleClick={() => !isCompact && onOpen(day)}
    >
      <span className={styles.date} aria-hidden>
        {span === "week" ? <span className={styles.weekdayName}>{formatDay(day, { weekday: "short" })}</span> : null}
        <span className={styles.number} data-today={isToday || undefined}>
          {Number(day.slice(8))}
        </span>
      </span>
      {isCompact ? (
        <span className={styles.dots} aria-hidden>
          {tasks.slice(0, DOTS).map((task) => (
            <i key={task.id} data-priority={task.status === "completed" ? "done" : task.priority} />
          ))}
          {occurrences.slice(0, Math.max(0, DOTS - tasks.length)).map(({ task, due }) => (
            <i key={`${task.id} ${due}`} data-priority="repeats" />
          ))}
        </span>
      ) : (
        <div className={styles.chips}>
          {shown.map((task) => (
            <Chip key={task.id} task={task} isTall={span === "week"} isReachable={isActive} />
          ))}
          {coming.map((occurrence) => (
            <OccurrenceChip key={`${occurrence.task.id} ${occurrence.due}`} occurrence={occurrence} isTall={span === "week"} isReachable={isActive} />
          ))}
          {room < total ? (
            <button
              type="button"
              tabIndex={isActive ? 0 : -1}
              className={styles.more}
              onClick={(event) => {
                event.stopPropagation();
                onOpen(day);
              }}
            >
              +{total - room} more
            </button>
          ) : null}
        </div>
      )}
    </div>
  );
});
