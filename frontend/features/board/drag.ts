import { type RefObject, useEffect, useRef, useState } from "react";

const load = () => import("@atlaskit/pragmatic-drag-and-drop/adapter/element-adapter");
type Adapter = Awaited<ReturnType<typeof load>>;

/** Does something with an element once the library is there; gives what ends it. */
function whenLoaded(ref: RefObject<HTMLElement | null>, begin: (adapter: Adapter, element: HTMLElement) => () => void): () => void {
  let stop: (() => void) | undefined;
  let isGone = false;
  void load().then((adapter) => {
    if (!isGone && ref.current) stop = begin(adapter, ref.current);
  });
  return () => {
    isGone = true;
    stop?.();
  };
}

/** Lets an element that stands for a task be dragged. */
export function useTaskDrag(ref: RefObject<HTMLElement | null>, taskId: string): void {
  useEffect(
    () =>
      whenLoaded(ref, ({ draggable }, element) =>
        draggable({
          element,
          getInitialData: () => ({ taskIds: [taskId] }),
          onDragStart: () => (element.dataset.dragging = ""),
          onDrop: () => delete element.dataset.dragging,
        }),
      ),
    [ref, taskId],
  );
}

/** Lets tasks be dropped onto an element; gives whether one is held over it. */
export function useTaskDrop(ref: RefObject<HTMLElement | null>, onDrop: (taskIds: string[]) => void): boolean {
  const [isOver, setOver] = useState(false);
  const latest = useRef(onDrop);
  latest.current = onDrop;
  useEffect(
    () =>
      whenLoaded(ref, ({ dropTargetForElements }, element) =>
        dropTargetForElements({
          element,
          canDrop: ({ source }) => Array.isArray(source.data.taskIds),
          onDragEnter: () => setOver(true),
          onDragLeave: () => setOver(false),
          onDrop: ({ source }) => {
            setOver(false);
            latest.current(source.data.taskIds as string[]);
          },
        }),
      ),
    [ref],
  );
  return isOver;
}
