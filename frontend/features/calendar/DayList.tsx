"use client";
import { Plus, Repeat } from "lucide-react";
import { movedTo } from "@/features/editors/due";
import { MenuButton } from "@/features/board/MenuButton";
import { newTask, openTask } from "@/features/shell/state";
import { isOver, PriorityLabel, TaskCheck } from "@/features/tasks/marks";
import { useZone } from "@/features/time/useNow";
import { type Day, formatTime } from "@/features/time/zone";
import type { Task } from "@/sync/tasks";
import { Button } from "@/ui/button";
import styles from "./calendar.module.css";
import { timeOfTask } from "./days";
import type { Occurrence } from "./occurrences";

/** The editor for a new task on a day. */
export const newTaskOn = (day: Day, zone: string): void => newTask({ due_date: movedTo(null, day, zone) });

interface DayListProps {
  day: Day;
  tasks: readonly Task[];
  occurrences: readonly Occurrence[];
  onLeave?: () => void;
}

/** All tasks of a day, with what can be done with them, and those that repeat on it. */
export function DayList({ day, tasks, occurrences, onLeave }: DayListProps) {
  const zone = useZone();
  const open = (task: Task) => {
    onLeave?.();
    openTask(task.id);
  };
  return (
    <>
      {tasks.length + occurrences.length === 0 ? <p className={styles.nothing}>Nothing on this day</p> : null}
      <ul className={styles.list}>
        {tasks.map((task) => (
          <li key={task.id} className={styles.listItem}>
            <TaskCheck task={task} />
            <button
              type="button"
              className={styles.listTitle}
              data-closed={task.status === "completed" || undefined}
              onClick={() => open(task)}
            >
              {task.title}
            </button>
            <span className={styles.listMarks}>
              {!isOver(task) && (task.priority === "urgent" || task.priority === "high") ? <PriorityLabel priority={task.priority} /> : null}
              {task.recurrence_pattern ? <Repeat size={13} aria-label="Repeats" /> : null}
              {task.due_date && timeOfTask(task, zone) ? <time dateTime={task.due_date}>{formatTime(task.due_date, zone)}</time> : null}
            </span>
            <MenuButton task={task} />
          </li>
        ))}
        {occurrences.map(({ task, due }) => (
          <li key={`${task.id} ${due}`} className={styles.listItem}>
            <Repeat size={16} className={styles.repeats} role="img" aria-label="Repeats" />
            <button type="button" className={styles.listTitle} data-occurrence onClick={() => open(task)}>
              {task.title}
            </button>
            <span className={styles.listMarks}>{timeOfTask({ due_date: due }, zone) ? <time dateTime={due}>{formatTime(due, zone)}</time> : null}</span>
          </li>
        ))}
      </ul>
      <Button
        variant="quiet"
        onClick={() => {
          onLeave?.();
          newTaskOn(day, zone);
        }}
      >
        <Plus size={16} aria-hidden />
        Add task
      </Button>
    </>
  );
}
