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

/** The editor for a new task on a day. */
export const newTaskOn = (day: Day, zone: string): void => newTask({ due_date: movedTo(null, day, zone) });

/** All tasks of a day, with what can be done with them. */
export function DayList({ day, tasks, onLeave }: { day: Day; tasks: readonly Task[]; onLeave?: () => void }) {
  const zone = useZone();
  return (
    <>
      {tasks.length === 0 ? <p className={styles.nothing}>Nothing on this day</p> : null}
      <ul className={styles.list}>
        {tasks.map((task) => (
          <li key={task.id} className={styles.listItem}>
            <TaskCheck task={task} />
            <button
              type="button"
              className={styles.listTitle}
              data-closed={task.status === "completed" || undefined}
              onClick={() => {
                onLeave?.();
                openTask(task.id);
              }}
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
