"use client";
import { CloudUpload, Ellipsis, Play, TriangleAlert } from "lucide-react";
import { lazy, memo, type MouseEvent, useEffect, useRef } from "react";
import { openTask } from "@/features/shell/state";
import { type Task, usePending } from "@/sync/tasks";
import { IconButton } from "@/ui/button";
import { LazyMenu } from "./LazyMenu";
import { selectRange, toggleSelected, useList, useListStore } from "./listState";
import { DueLabel, isOver, PriorityLabel, TagLink, TaskCheck } from "./marks";
import { RowTitle } from "./RowTitle";
import styles from "./row.module.css";
import { useRowDrag } from "./useRowDrag";
import { useSwipe } from "./useSwipe";

const loadMenu = () => import("./RowMenu");
const RowMenu = lazy(loadMenu);

interface TaskRowProps {
  task: Task;
  /** Its place in its group, from 1. */
  position: number;
  /** The heading above it says the day. */
  timeOnly?: boolean;
  /** What a search looks for, folded. */
  terms: readonly string[];
  isConflicted: boolean;
  /** It can be dragged to another day. */
  isDraggable?: boolean;
}

/** A task in a list. */
export const TaskRow = memo(function TaskRow({ task, position, timeOnly, terms, isConflicted, isDraggable = false }: TaskRowProps) {
  const list = useListStore();
  const row = useRef<HTMLDivElement>(null);
  const isSelected = useList((state) => state.selected.has(task.id));
  const isTabbable = useList((state) => (state.active ?? state.ids[0]) === task.id);
  const isWanted = useList((state) => state.wanted === task.id);
  const isPending = usePending(task.id);
  const swipe = useSwipe(row, task);
  useRowDrag(row, task, isDraggable);

  useEffect(() => {
    if (!isWanted) return;
    list.setState({ wanted: null });
    row.current?.focus({ preventScroll: true });
    row.current?.scrollIntoView({ block: "nearest" });
  }, [isWanted, list]);

  const onClick = (event: MouseEvent<HTMLDivElement>) => {
    const target = event.target as Element;
    // A menu's items are elsewhere in the document.
    if (!event.currentTarget.contains(target) || target.closest("input, a, [role=checkbox], [aria-haspopup]")) return;
    const { selected, anchor } = list.getState();
    list.setState({ active: task.id });
    if (event.shiftKey) selectRange(list, anchor ?? task.id, task.id);
    else if (event.ctrlKey || event.metaKey || selected.size > 0) toggleSelected(list, task.id);
    else openTask(task.id);
  };

  const tab = isTabbable ? 0 : -1;
  return (
    <div
      ref={row}
      role="row"
      data-task={task.id}
      aria-rowindex={position}
      aria-selected={isSelected}
      data-over={isOver(task) || undefined}
      tabIndex={tab}
      className={styles.row}
      onClick={onClick}
      onFocus={() => list.setState({ active: task.id })}
      // Shift with a click selects rows, not text.
      onMouseDown={(event) => event.shiftKey && event.preventDefault()}
      {...swipe}
    >
      <div role="gridcell" className={styles.checkCell}>
        <TaskCheck task={task} tabIndex={tab} />
      </div>
      <div role="gridcell" className={styles.body}>
        <div className={styles.titleLine}>
          <RowTitle task={task} terms={terms} isTabbable={isTabbable} />
          {isConflicted ? <TriangleAlert size={15} className={styles.conflict} role="img" aria-label="Changed on two devices" /> : null}
          {isPending ? <CloudUpload size={15} className={styles.pending} role="img" aria-label="Not sent yet" /> : null}
        </div>
        <div className={styles.marks}>
          {task.status === "in_progress" ? (
            <span className={styles.progress}>
              <Play size={11} fill="currentColor" aria-hidden />
              In progress
            </span>
          ) : null}
          {task.tags.length > 0 ? (
            <span className={styles.tags}>
              {task.tags.map((tag) => (
                <TagLink key={tag} tag={tag} tabIndex={tab} />
              ))}
            </span>
          ) : null}
          {task.priority === "medium" ? null : <PriorityLabel priority={task.priority} />}
          <DueLabel task={task} timeOnly={timeOnly} />
        </div>
      </div>
      <div role="gridcell" className={styles.menuCell}>
        <LazyMenu
          menu={RowMenu}
          preload={loadMenu}
          task={task}
          trigger={
            <IconButton label={`More for ${task.title}`} data-tip={undefined} size="small" tabIndex={tab}>
              <Ellipsis size={18} aria-hidden />
            </IconButton>
          }
        />
      </div>
    </div>
  );
});
