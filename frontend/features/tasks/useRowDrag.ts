import { type RefObject, useEffect, useState } from "react";
import type { Day } from "@/features/time/zone";
import type { Task } from "@/sync/tasks";
import { useListStore } from "./listState";

const load = () => import("@atlaskit/pragmatic-drag-and-drop/element/adapter");

/** A row that can be dragged; with it go all that are selected, if it is one of them. */
export function useRowDrag(row: RefObject<HTMLElement | null>, task: Task, isDraggable: boolean): void {
  const list = useListStore();
  const { id } = task;
  useEffect(() => {
    if (!isDraggable) return;
    let stop: (() => void) | undefined;
    let isGone = false;
    void load().then(({ draggable }) => {
      const element = row.current;
      if (isGone || !element) return;
      stop = draggable({
        element,
        getInitialData: () => {
          const { selected } = list.getState();
          return { taskIds: selected.has(id) ? [...selected] : [id] };
        },
        onDragStart: () => (element.dataset.dragging = ""),
        onDrop: () => delete element.dataset.dragging,
      });
    });
    return () => {
      isGone = true;
      stop?.();
    };
  }, [row, list, id, isDraggable]);
}

/** A day onto which rows can be dropped; gives whether some are held over it. */
export function useDayDrop(section: RefObject<HTMLElement | null>, day: Day | null | undefined, onDrop: (ids: string[], day: Day | null) => void): boolean {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    if (day === undefined) return;
    let stop: (() => void) | undefined;
    let isGone = false;
    void load().then(({ dropTargetForElements }) => {
      const element = section.current;
      if (isGone || !element) return;
      stop = dropTargetForElements({
        element,
        canDrop: ({ source }) => Array.isArray(source.data.taskIds),
        onDragEnter: () => setOver(true),
        onDragLeave: () => setOver(false),
        onDrop: ({ source }) => {
          setOver(false);
          onDrop(source.data.taskIds as string[], day);
        },
      });
    });
    return () => {
      isGone = true;
      stop?.();
    };
  }, [section, day, onDrop]);
  return isOver;
}
