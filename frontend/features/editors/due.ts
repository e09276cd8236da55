/** Due dates by day and time of day; without a time it is 23:59, as the chat sets it. */
import { addDays, type Day, dayOf, instantOf, timeOf, weekStart } from "@/features/time/zone";

export const ANY_TIME = "23:59";

/** A due date as the editor has it; `time` is null where it is only a day. */
export interface Due {
  day: Day;
  time: string | null;
}

export function dueOf(instant: string, zone: string): Due {
  const time = timeOf(instant, zone);
  return { day: dayOf(instant, zone), time: time === ANY_TIME ? null : time };
}

export const instantOfDue = ({ day, time }: Due, zone: string): string => instantOf(`${day}T${time ?? ANY_TIME}`, zone);

/** The due date on another day, at the same time of day. */
export function movedTo(instant: string | null | undefined, day: Day, zone: string): string {
  return instantOf(`${day}T${instant ? timeOf(instant, zone) : ANY_TIME}`, zone);
}

/** A day that someone has typed to its end, not `0002-11-23` on the way to 2026. */
export const isWholeDay = (text: string): text is Day => /^(19[7-9]\d|[2-9]\d{3})-\d{2}-\d{2}$/.test(text);

/** Today, tomorrow and the first day of the next week. */
export const quickDays = (today: Day): { name: string; day: Day }[] => [
  { name: "Today", day: today },
  { name: "Tomorrow", day: addDays(today, 1) },
  { name: "Next week", day: addDays(weekStart(today), 7) },
];
