import { type PointerEvent, type RefObject, useRef } from "react";
import type { Task } from "@/sync/tasks";
import { toggleCompleted } from "./marks";

const STARTS_AT = 12;
const COUNTS_FROM = 88;

/** On a touch screen: a swipe to the right completes a task, or reopens it. */
export function useSwipe(row: RefObject<HTMLElement | null>, task: Task) {
  const start = useRef<{ x: number; y: number; isSwipe: boolean } | null>(null);
  const show = (distance: number) => {
    if (!row.current) return;
    row.current.style.setProperty("--swipe", `${distance}px`);
    if (distance > 0) row.current.dataset.swipe = distance >= COUNTS_FROM ? "counts" : "begun";
    else delete row.current.dataset.swipe;
  };
  const end = () => {
    start.current = null;
    show(0);
  };
  return {
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      if (event.pointerType === "touch" && event.currentTarget.contains(event.target as Node)) start.current = { x: event.clientX, y: event.clientY, isSwipe: false };
    },
    onPointerMove: (event: PointerEvent<HTMLElement>) => {
      const from = start.current;
      if (!from) return;
      const [x, y] = [event.clientX - from.x, event.clientY - from.y];
      if (!from.isSwipe) {
        if (Math.abs(y) > STARTS_AT || x < -STARTS_AT) start.current = null;
        if (x < STARTS_AT || Math.abs(y) > x) return;
        from.isSwipe = true;
        event.currentTarget.setPointerCapture(event.pointerId);
      }
      show(Math.max(0, Math.min(x, COUNTS_FROM * 1.5)));
    },
    onPointerUp: (event: PointerEvent<HTMLElement>) => {
      const from = start.current;
      end();
      if (from?.isSwipe && event.clientX - from.x >= COUNTS_FROM) toggleCompleted(task);
    },
    onPointerCancel: end,
  };
}
