/** Which cards stand in which column of the board, in which order. */
import { PRIORITIES, type Status } from "@/features/tasks/marks";
import type { Task } from "@/sync/tasks";

/** Done tasks stay on the board so many days. */
export const DONE_DAYS = 7;
const DAY = 86_400_000;

/** From left to right. */
export const COLUMNS: Status[] = ["pending", "in_progress", "completed", "cancelled"];

const dueTime = (task: Task): number => (task.due_date ? Date.parse(task.due_date) : Infinity);

/** What is due first comes first, then what matters most, then what is there longest. */
export function byDue(a: Task, b: Task): number {
  const [left, right] = [dueTime(a), dueTime(b)];
  if (left !== right) return left < right ? -1 : 1;
  return PRIORITIES.indexOf(a.priority) - PRIORITIES.indexOf(b.priority) || a.created_at.localeCompare(b.created_at) || a.id.localeCompare(b.id);
}

const closedAt = (task: Task): number => Date.parse(task.completed_at ?? task.updated_at);

/** The cards of each column at a time, in milliseconds. */
export function columnsOf(tasks: readonly Task[], now: number): Record<Status, Task[]> {
  const columns: Record<Status, Task[]> = { pending: [], in_progress: [], completed: [], cancelled: [] };
  for (const task of tasks) {
    if (task.status === "completed" && closedAt(task) < now - DONE_DAYS * DAY) continue;
    columns[task.status].push(task);
  }
  columns.pending.sort(byDue);
  columns.in_progress.sort(byDue);
  for (const status of ["completed", "cancelled"] as const) columns[status].sort((a, b) => closedAt(b) - closedAt(a) || a.id.localeCompare(b.id));
  return columns;
}

/** The column `steps` to the right; null where there is none. */
export const columnBeside = (status: Status, steps: number): Status | null => COLUMNS[COLUMNS.indexOf(status) + steps] ?? null;
