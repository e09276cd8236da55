"use client";
import { useSyncExternalStore } from "react";

/** Whether a media query holds; false while the page is prerendered. */
export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (changed) => {
      const list = window.matchMedia(query);
      list.addEventListener("change", changed);
      return () => list.removeEventListener("change", changed);
    },
    () => window.matchMedia(query).matches,
    () => false,
  );
}

/** Wide enough for tasks and chat side by side. */
export const WIDE = "(min-width: 1024px)";
