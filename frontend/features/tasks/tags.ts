import type { Task } from "@/sync/tasks";

/** The tags of tasks with how often each is there, the most frequent first. */
export function tagCounts(tasks: readonly Task[]): [tag: string, count: number][] {
  const counts = new Map<string, number>();
  for (const task of tasks) for (const tag of task.tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || a.localeCompare(b));
}
