"use client";
import { memo, useRef } from "react";
import { openTask } from "@/features/shell/state";
import { DueLabel, isOver, PriorityLabel, TagLabel, TaskCheck } from "@/features/tasks/marks";
import type { Task } from "@/sync/tasks";
import styles from "./board.module.css";
import { useTaskDrag } from "./drag";
import { MenuButton } from "./MenuButton";

const MOST_TAGS = 3;

/** A task on the board. */
export const Card = memo(function Card({ task }: { task: Task }) {
  const card = useRef<HTMLLIElement>(null);
  useTaskDrag(card, task.id);
  const isClosed = isOver(task);
  const isNotable = !isClosed && (task.priority === "urgent" || task.priority === "high");
  const tags = task.tags.slice(0, MOST_TAGS);
  return (
    <li ref={card} className={styles.card} data-over={isClosed || undefined}>
      <TaskCheck task={task} />
      <button type="button" className={styles.cardTitle} data-task={task.id} onClick={() => openTask(task.id)}>
        {task.title}
      </button>
      <MenuButton task={task} className={styles.cardMenu} />
      {task.due_date || isNotable || tags.length > 0 ? (
        <div className={styles.cardMarks}>
          <DueLabel task={task} />
          {isNotable ? <PriorityLabel priority={task.priority} /> : null}
          {tags.map((tag) => (
            <TagLabel key={tag} tag={tag} />
          ))}
          {task.tags.length > MOST_TAGS ? <span className={styles.more}>+{task.tags.length - MOST_TAGS}</span> : null}
        </div>
      ) : null}
    </li>
  );
});
