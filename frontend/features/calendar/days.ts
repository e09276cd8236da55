/** What the calendar shows: its days, and the tasks of each. */
import { PRIORITIES } from "@/features/tasks/marks";
import { ANY_TIME } from "@/features/editors/due";
import { addDays, type Day, dayOf, timeOf, weekday, weekStart } from "@/features/time/zone";
import type { Task } from "@/sync/tasks";

export type Span = "month" | "week";

/** The weeks that a month touches, each of seven days. */
export function weeksOf(day: Day): Day[][] {
  const month = day.slice(0, 7);
  const weeks: Day[][] = [];
  for (let start = weekStart(`${month}-01`); weeks.length === 0 || start.slice(0, 7) === month; start = addDays(start, 7)) weeks.push(daysFrom(start));
  return weeks;
}

/** The week that a day lies in. */
export const weekOf = (day: Day): Day[] => daysFrom(weekStart(day));

const daysFrom = (start: Day): Day[] => Array.from({ length: 7 }, (_, index) => addDays(start, index));

/** The same day of another month, or its last one. */
export function addMonths(day: Day, months: number): Day {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  const first = new Date(Date.UTC(year, month - 1 + months, 1));
  const length = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  return `${first.toISOString().slice(0, 8)}${String(Math.min(date, length)).padStart(2, "0")}`;
}

/** As far as the next or previous leaf of the calendar. */
export const turned = (day: Day, span: Span, by: 1 | -1): Day => (span === "month" ? addMonths(day, by) : addDays(day, 7 * by));

/** The time of day of a task, or null where it is due by the end of its day. */
export function timeOfTask(task: Pick<Task, "due_date">, zone: string): string | null {
  const time = task.due_date ? timeOf(task.due_date, zone) : ANY_TIME;
  return time === ANY_TIME ? null : time;
}

/** The tasks of each day: those without a time first, by priority, then by the clock. What was cancelled has no place. */
export function tasksByDay(tasks: readonly Task[], zone: string): Map<Day, Task[]> {
  const days = new Map<Day, { task: Task; key: string }[]>();
  for (const task of tasks) {
    if (!task.due_date || task.status === "cancelled") continue;
    const day = dayOf(task.due_date, zone);
    const key = `${timeOfTask(task, zone) ?? ""} ${PRIORITIES.indexOf(task.priority)} ${task.created_at}`;
    const there = days.get(day);
    if (there) there.push({ task, key });
    else days.set(day, [{ task, key }]);
  }
  return new Map([...days].map(([day, there]) => [day, there.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ task }) => task)]));
}

/** The day that a key leads to from another, as in the grids that ARIA describes; null: the key leads nowhere. */
export function dayAfterKey(key: string, day: Day, span: Span): Day | null {
  const start = weekStart(day);
  switch (key) {
    case "ArrowLeft":
      return addDays(day, -1);
    case "ArrowRight":
      return addDays(day, 1);
    case "ArrowUp":
      return addDays(day, -7);
    case "ArrowDown":
      return addDays(day, 7);
    case "Home":
      return start;
    case "End":
      return addDays(start, 6);
    case "PageUp":
      return turned(day, span, -1);
    case "PageDown":
      return turned(day, span, 1);
    default:
      return null;
  }
}

export const isWeekend = (day: Day): boolean => weekday(day) % 6 === 0;
