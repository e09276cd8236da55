"use client";
import dynamic from "next/dynamic";
import { type KeyboardEvent, type ReactNode, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { openTask } from "@/features/shell/state";
import type { Day } from "@/features/time/zone";
import { type Task, useConflicts } from "@/sync/tasks";
import { useStore } from "zustand";
import { toggle } from "./actions";
import { Rows } from "./Rows";
import { createList, ListContext, move, selectAll, selectNone, setRows } from "./listState";
import styles from "./list.module.css";
import { useDayDrop } from "./useRowDrag";
import { useListShortcuts } from "./useListShortcuts";

const BulkBar = dynamic(() => import("./BulkBar").then((module) => module.BulkBar), { ssr: false });

/** Tasks under a heading. */
export interface Group {
  key: string;
  /** Names the rows for those who do not see the heading. */
  label: string;
  heading?: ReactNode;
  tasks: Task[];
  /** Rows are dropped onto this day, or out of any (null). */
  day?: Day | null;
  /** The heading says the day. */
  timeOnly?: boolean;
  /** What stands there instead of rows. */
  empty?: ReactNode;
}

interface TaskListProps {
  groups: Group[];
  /** What a search looks for, folded. */
  terms?: readonly string[];
  /** Rows were dropped onto a group. */
  onDropTasks?: (tasks: Task[], day: Day | null) => void;
  /** Offers to select all of them. */
  head?: (selection: { count: number; selectAll: () => void; selectNone: () => void }) => ReactNode;
}

const NO_TERMS: readonly string[] = [];

function Section({ group, children, onDrop }: { group: Group; children: ReactNode; onDrop: (ids: string[], day: Day | null) => void }) {
  const section = useRef<HTMLElement>(null);
  const isOver = useDayDrop(section, group.day, onDrop);
  return (
    <section ref={section} aria-label={group.label} className={styles.group} data-over={isOver || undefined} data-empty={group.tasks.length === 0 || undefined}>
      {group.heading}
      {children}
    </section>
  );
}

/** Rows of tasks in groups, with one keyboard and one selection for all. */
export function TaskList({ groups, terms = NO_TERMS, onDropTasks, head }: TaskListProps) {
  const [list] = useState(createList);
  const isDraggable = onDropTasks !== undefined;
  const frame = useRef<HTMLDivElement>(null);
  const ids = useMemo(() => groups.flatMap((group) => group.tasks.map((task) => task.id)), [groups]);
  const byId = useMemo(() => new Map(groups.flatMap((group) => group.tasks.map((task) => [task.id, task]))), [groups]);
  const conflicts = useConflicts();
  const conflicted = useMemo(() => new Set(conflicts.map((conflict) => conflict.task.id)), [conflicts]);
  const selected = useStore(list, (state) => state.selected);
  const tasksOf = (which: Iterable<string>) => [...which].flatMap((id) => byId.get(id) ?? []);

  // A row that goes takes the focus with it; the next one gets it.
  const hadFocus = useRef(false);
  useLayoutEffect(() => {
    setRows(list, ids, hadFocus.current && (document.activeElement === document.body || frame.current?.contains(document.activeElement) === true));
  }, [list, ids]);
  useEffect(() => {
    const note = (event: FocusEvent) => (hadFocus.current = frame.current?.contains(event.target as Node) ?? false);
    document.addEventListener("focusin", note);
    return () => document.removeEventListener("focusin", note);
  }, []);

  useListShortcuts(list, tasksOf);

  const latestDrop = useRef(onDropTasks);
  latestDrop.current = (tasks, day) => onDropTasks?.(tasks, day);
  const latestTasks = useRef(tasksOf);
  latestTasks.current = tasksOf;
  const [onDrop] = useState(() => (dropped: string[], day: Day | null) => latestDrop.current?.(latestTasks.current(dropped), day));

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const target = event.target as HTMLElement;
    if (!event.currentTarget.contains(target) || target.tagName === "INPUT") return;
    const row = target.closest<HTMLElement>("[data-task]");
    if (!row) return;
    const isRow = row === target;
    const task = byId.get(row.dataset.task ?? "");
    const keys: Record<string, (() => void) | undefined> = {
      ArrowDown: () => move(list, 1, event.shiftKey),
      ArrowUp: () => move(list, -1, event.shiftKey),
      Home: () => move(list, -Infinity),
      End: () => move(list, Infinity),
      Enter: isRow && task ? () => openTask(task.id) : undefined,
      " ": isRow && task ? () => toggle(selected.has(task.id) ? tasksOf(selected) : [task]) : undefined,
      Escape: selected.size > 0 ? () => selectNone(list) : undefined,
    };
    const isSelectAll = event.key === "a" && (event.ctrlKey || event.metaKey);
    const run = isSelectAll ? () => selectAll(list) : event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
    if (!run) return;
    event.preventDefault();
    run();
  };

  return (
    <ListContext value={list}>
      {head?.({ count: selected.size, selectAll: () => selectAll(list), selectNone: () => selectNone(list) })}
      <span id="rename-hint" hidden>
        Press to rename
      </span>
      <div ref={frame} className={styles.list} onKeyDown={onKeyDown}>
        {groups.map((group) => (
          <Section key={group.key} group={group} onDrop={onDrop}>
            {group.tasks.length > 0 ? <Rows {...{ group, terms, conflicted, isDraggable }} /> : group.empty}
          </Section>
        ))}
      </div>
      {selected.size > 0 ? <BulkBar tasks={tasksOf(selected)} onClear={() => selectNone(list)} /> : null}
    </ListContext>
  );
}
