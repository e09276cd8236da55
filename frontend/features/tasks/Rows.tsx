"use client";
import { type ReactNode, useEffect, useRef, useState } from "react";
import type { Task } from "@/sync/tasks";
import type { Group } from "./TaskList";
import { useList } from "./listState";
import styles from "./list.module.css";
import { TaskRow } from "./TaskRow";

/** So many rows come and go together in a long list. */
const BLOCK = 20;

/** Rows that are there only while they are near the window, or while one of them has the keyboard. */
function Block({ ids, isFirst, children }: { ids: string[]; isFirst: boolean; children: () => ReactNode }) {
  const block = useRef<HTMLDivElement>(null);
  const [height, setHeight] = useState<number | null>(null);
  const [isNear, setNear] = useState(isFirst);
  const isNeeded = useList((state) => (state.wanted !== null && ids.includes(state.wanted)) || (state.active !== null && ids.includes(state.active)));
  useEffect(() => {
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (!entry) return;
        if (!entry.isIntersecting) setHeight(entry.boundingClientRect.height);
        setNear(entry.isIntersecting);
      },
      { rootMargin: "900px 0px" },
    );
    if (block.current) observer.observe(block.current);
    return () => observer.disconnect();
  }, []);
  const isShown = isNear || isNeeded;
  return (
    <div role="rowgroup" ref={block} className={styles.block} style={isShown ? undefined : { height: height ?? `calc(${ids.length} * var(--row-height))` }}>
      {isShown ? children() : null}
    </div>
  );
}

interface RowsProps {
  group: Group;
  terms: readonly string[];
  conflicted: ReadonlySet<string>;
  isDraggable: boolean;
}

/** The rows of a group; of a long one only those near the window are in the document. */
export function Rows({ group, terms, conflicted, isDraggable }: RowsProps) {
  const { tasks, timeOnly, label } = group;
  const row = (task: Task, index: number) => (
    <TaskRow
      key={task.id}
      task={task}
      position={index + 1}
      timeOnly={timeOnly}
      terms={terms}
      isConflicted={conflicted.has(task.id)}
      isDraggable={isDraggable}
    />
  );
  const blocks = tasks.length > 4 * BLOCK ? Math.ceil(tasks.length / BLOCK) : 0;
  return (
    <div role="grid" aria-label={label} aria-multiselectable aria-rowcount={tasks.length} className={styles.rows}>
      {blocks === 0
        ? tasks.map(row)
        : Array.from({ length: blocks }, (_, block) => {
            const start = block * BLOCK;
            const part = tasks.slice(start, start + BLOCK);
            return (
              <Block key={block} ids={part.map((task) => task.id)} isFirst={block === 0}>
                {() => part.map((task, index) => row(task, start + index))}
              </Block>
            );
          })}
    </div>
  );
}
