import { useEffect, useRef } from "react";

/** What has the focus of a task: `data-task` names it. */
export const focusedTask = (): string | undefined => (document.activeElement instanceof HTMLElement ? document.activeElement.closest<HTMLElement>("[data-task]")?.dataset.task : undefined);

/** Gives the focus back to a task that was moved to another place of the view. */
export function useRefocus(): (taskId: string) => void {
  const wanted = useRef<string | null>(null);
  useEffect(() => {
    const id = wanted.current;
    if (id === null) return;
    const element = [...document.querySelectorAll<HTMLElement>("main [data-task]")].find((each) => each.dataset.task === id);
    if (!element) return;
    wanted.current = null;
    element.focus();
  });
  return (taskId) => {
    wanted.current = taskId;
  };
}
