"use client";
import { useSearchParams } from "next/navigation";
import { create } from "zustand";
import type { components } from "@/api/todo";

type TaskInput = components["schemas"]["TaskInput"];

interface ShellState {
  /** The command palette is open. */
  palette: boolean;
  /** The sheet of keyboard shortcuts is open. */
  shortcuts: boolean;
  /** The editor for a new task is open, begun with these values. */
  newTask: Partial<TaskInput> | null;
}

/** What lies over the views. */
export const useShell = create<ShellState>(() => ({ palette: false, shortcuts: false, newTask: null }));

/** Opens the editor for a new task. */
export function newTask(values: Partial<TaskInput> = {}): void {
  useShell.setState({ newTask: values });
}

function showTask(id: string | null): void {
  const url = new URL(window.location.href);
  if (id === null) url.searchParams.delete("task");
  else url.searchParams.set("task", id);
  window.history.pushState(null, "", url);
}

/** Opens a task's panel; the address names it, so Back closes it and a link opens it. */
export const openTask = (id: string): void => showTask(id);

/** Closes the task's panel. */
export const closeTask = (): void => showTask(null);

/** The task whose panel is open. Its caller stands in a `Suspense`. */
export function useOpenTask(): string | null {
  return useSearchParams().get("task");
}
