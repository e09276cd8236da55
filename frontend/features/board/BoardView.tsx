"use client";
import { Plus } from "lucide-react";
import { type KeyboardEvent, useMemo } from "react";
import { useShortcuts } from "@/features/keyboard/shortcuts";
import { newTask, openTask } from "@/features/shell/state";
import { ViewHeader } from "@/features/shell/ViewHeader";
import { remove, setStatus, toggle } from "@/features/tasks/actions";
import type { Status } from "@/features/tasks/marks";
import { useNow } from "@/features/time/useNow";
import { useConnection } from "@/sync/connection";
import { type Task, useTasks } from "@/sync/tasks";
import { Skeleton } from "@/ui/bits";
import { Button } from "@/ui/button";
import styles from "./board.module.css";
import { Column } from "./Column";
import { columnBeside, COLUMNS, columnsOf } from "./columns";
import { focusedTask, useRefocus } from "./useRefocus";

/** Moves the focus among the cards: up and down in a column, left and right to the card at the same height beside. */
function onArrow(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
  const card = event.target instanceof HTMLElement && event.target.dataset.task !== undefined ? event.target : null;
  if (!step || !card || event.ctrlKey || event.metaKey || event.altKey) return;
  const [across = 0, along = 0] = step;
  const columns = [...event.currentTarget.querySelectorAll("section")].map((section) => [...section.querySelectorAll<HTMLElement>("[data-task]")]);
  let column = columns.findIndex((cards) => cards.includes(card));
  const index = columns[column]?.indexOf(card) ?? 0;
  event.preventDefault();
  do column += across;
  while (across !== 0 && columns[column]?.length === 0);
  const cards = columns[column];
  cards?.[Math.min(index + along, cards.length - 1)]?.focus();
}

function useBoardShortcuts(tasks: readonly Task[]): void {
  const refocus = useRefocus();
  const withFocused = (act: (task: Task) => void) => () => {
    const id = focusedTask();
    const task = tasks.find((each) => each.id === id);
    if (task) act(task);
  };
  const moveBy = (steps: number) =>
    withFocused((task) => {
      const status = columnBeside(task.status, steps);
      if (!status) return;
      refocus(task.id);
      setStatus([task], status);
    });
  const group = "Selected task" as const;
  useShortcuts([
    { keys: "[", label: "To the column on the left", group, run: moveBy(-1) },
    { keys: "]", label: "To the column on the right", group, run: moveBy(1) },
    { keys: "o", label: "Open (or Enter)", group, run: withFocused((task) => openTask(task.id)) },
    { keys: "e", label: "Complete or reopen", group, run: withFocused((task) => toggle([task])) },
    { keys: "Delete", label: "Delete", group, run: withFocused((task) => remove([task])) },
  ]);
}

/** Tasks in columns by their status. */
export function BoardView() {
  const tasks = useTasks();
  const now = useNow();
  const { loading } = useConnection();
  const columns = useMemo(() => columnsOf(tasks, now), [tasks, now]);
  useBoardShortcuts(tasks);
  const drop = (status: Status) => (ids: string[]) => setStatus(tasks.filter((task) => ids.includes(task.id)), status);
  return (
    <div className={styles.view}>
      <ViewHeader title="Board">
        <Button variant="primary" onClick={() => newTask()}>
          <Plus size={18} aria-hidden />
          New task
        </Button>
      </ViewHeader>
      {/* The keys work on the cards inside. */}
      <div className={styles.board} onKeyDown={onArrow}>
        {loading && tasks.length === 0
          ? COLUMNS.slice(0, 3).map((status) => (
              <div key={status} className={styles.column} aria-hidden>
                <Skeleton className={styles.skeletonName} />
                {[0, 1, 2].map((card) => (
                  <Skeleton key={card} className={styles.skeletonCard} />
                ))}
              </div>
            ))
          : COLUMNS.map((status) => <Column key={status} status={status} tasks={columns[status]} isFolding={status === "cancelled"} onDrop={drop(status)} />)}
      </div>
    </div>
  );
}
