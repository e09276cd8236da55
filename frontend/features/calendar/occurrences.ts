/** The dates on which repeating tasks will come again, as the server works them out. */
import { useEffect, useMemo, useState } from "react";
import { answer, todo } from "@/api/client";
import { isOver } from "@/features/tasks/marks";
import { addDays, type Day, dayOf, startOf } from "@/features/time/zone";
import type { Task } from "@/sync/tasks";

/** A task on a day on which it will be due again once it is done. */
export interface Occurrence {
  task: Task;
  /** RFC 3339. */
  due: string;
}

/** Dates of a task that are known, all from `from` up to `to`, in milliseconds. */
export interface Known {
  from: number;
  to: number;
  dates: string[];
}

/** As many as the server gives at once; more than six weeks have days. */
const COUNT = 50;
/** Requests at a time. */
const AT_ONCE = 4;

/** What its dates depend on. */
const keyOf = ({ id, recurrence_pattern, recurrence_from, due_date }: Task, zone: string): string =>
  [id, recurrence_pattern, recurrence_from, due_date, zone].join(" ");

/** Up to when the dates of an answer are all there are. */
export const knownFrom = (from: number, dates: string[]): Known => ({ from, to: dates.length < COUNT ? Infinity : Date.parse(dates.at(-1) ?? ""), dates });

/** Whether what is known of a task reaches over what is shown. */
export const covers = (known: Known | undefined, from: number, to: number): boolean => known !== undefined && known.from <= from && known.to >= to;

/** The open tasks that repeat and are due before `to`. */
export const repeating = (tasks: readonly Task[], to: number): Task[] =>
  tasks.filter((task) => task.recurrence_pattern && task.due_date && !isOver(task) && Date.parse(task.due_date) < to);

/** The occurrences of each day, in their order; what is over by `now` is not to come. */
export function occurrencesByDay(tasks: readonly Task[], known: (task: Task) => Known | undefined, now: number, to: number, zone: string): Map<Day, Occurrence[]> {
  const all = repeating(tasks, to).flatMap((task) =>
    (known(task)?.dates ?? []).filter((due) => Date.parse(due) > now && Date.parse(due) < to).map((due): Occurrence => ({ task, due })),
  );
  all.sort((a, b) => Date.parse(a.due) - Date.parse(b.due) || (a.task.id < b.task.id ? -1 : 1));
  const days = new Map<Day, Occurrence[]>();
  for (const each of all) {
    const day = dayOf(each.due, zone);
    days.set(day, [...(days.get(day) ?? []), each]);
  }
  return days;
}

const cache = new Map<string, Known>();
const MOST_KEPT = 1_000;

async function load(task: Task, zone: string, from: number): Promise<void> {
  const { recurrence_pattern, recurrence_from, due_date } = task;
  if (!recurrence_pattern || !due_date) return;
  const query = { pattern: recurrence_pattern, start: due_date, recurrence_from, from: new Date(from).toISOString(), count: COUNT };
  const { dates } = await answer(todo.GET("/api/recurrence/preview", { params: { query } }));
  if (cache.size >= MOST_KEPT) cache.clear();
  cache.set(keyOf(task, zone), knownFrom(from, dates));
}

/** The occurrences to come in the days from `first` to `last`; none where the server cannot be asked. */
export function useOccurrences(tasks: readonly Task[], first: Day, last: Day, zone: string): Map<Day, Occurrence[]> {
  const [loaded, setLoaded] = useState(0);
  const [from, to] = [startOf(first, zone), startOf(addDays(last, 1), zone)];
  // In place of the tasks, which change in more than what their dates depend on.
  const keys = repeating(tasks, to).map((task) => keyOf(task, zone)).sort().join("\n");
  useEffect(() => {
    const now = Date.now();
    if (to <= now) return;
    let isGone = false;
    const begin = Math.max(from, now);
    const wanted = repeating(tasks, to).filter((task) => !covers(cache.get(keyOf(task, zone)), begin, to));
    const work = async () => {
      for (let task = wanted.shift(); task && !isGone; task = wanted.shift()) await load(task, zone, begin);
    };
    // Without a network, or over the limit: the tasks themselves are there all the same.
    void Promise.allSettled(Array.from({ length: AT_ONCE }, work)).then(() => isGone || setLoaded((count) => count + 1));
    return () => {
      isGone = true;
    };
  }, [keys, from, to, zone]);
  return useMemo(() => occurrencesByDay(tasks, (task) => cache.get(keyOf(task, zone)), Date.now(), to, zone), [tasks, to, zone, loaded]);
}
