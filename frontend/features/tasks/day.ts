/** How a day stands. */
import { addDays, type Day, formatTime, startOf, timeOf } from "@/features/time/zone";
import { ANY_TIME } from "@/features/editors/due";
import type { Task } from "@/sync/tasks";
import { comparison } from "./filter";
import { isOver } from "./marks";

export interface DayTasks {
  /** Open, and due on a day before. */
  overdue: Task[];
  /** Open, by time. */
  today: Task[];
  /** Completed on the day, the last one first. */
  done: Task[];
}

const byDue = comparison("due_date", false);

export function tasksOfDay(tasks: readonly Task[], day: Day, zone: string): DayTasks {
  const [start, end] = [startOf(day, zone), startOf(addDays(day, 1), zone)];
  const found: DayTasks = { overdue: [], today: [], done: [] };
  for (const task of tasks) {
    const doneAt = task.status === "completed" && task.completed_at ? Date.parse(task.completed_at) : NaN;
    if (doneAt >= start && doneAt < end) found.done.push(task);
    if (!task.due_date || isOver(task)) continue;
    const due = Date.parse(task.due_date);
    if (due < start) found.overdue.push(task);
    else if (due < end) found.today.push(task);
  }
  found.overdue.sort(byDue);
  found.today.sort(byDue);
  found.done.sort((a, b) => Date.parse(b.completed_at ?? "") - Date.parse(a.completed_at ?? ""));
  return found;
}

/** One line: `3 to do, the next at 14:30. 2 overdue. 4 done.` */
export function standing({ overdue, today, done }: DayTasks, now: number, zone: string): string {
  const next = today.find((task) => task.due_date && Date.parse(task.due_date) >= now && timeOf(task.due_date, zone) !== ANY_TIME);
  const left = today.length === 0 ? (done.length > 0 && overdue.length === 0 ? "Everything is done" : "Nothing is due today") : `${today.length} to do`;
  const at = next?.due_date ? `, the next at ${formatTime(next.due_date, zone)}` : "";
  return [left + at, overdue.length > 0 ? `${overdue.length} overdue` : "", done.length > 0 && today.length + overdue.length > 0 ? `${done.length} done` : ""]
    .filter(Boolean)
    .map((part) => `${part}.`)
    .join(" ");
}
