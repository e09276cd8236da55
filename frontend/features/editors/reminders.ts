/** Reminders as the contract has them: ISO 8601 durations before the due date, a day being 24 hours, or RFC 3339 moments. */
import { dayInWords, type Day, dayOf, formatTime } from "@/features/time/zone";

export const MAX_REMINDERS = 10;
/** 366 days, in seconds. */
export const MAX_BEFORE = 366 * 86_400;

export type Reminder = { kind: "before"; seconds: number } | { kind: "at"; instant: string };

export const UNITS = { minutes: 60, hours: 3600, days: 86_400, weeks: 604_800 } as const;
export type ReminderUnit = keyof typeof UNITS;

/** The usual ones, in seconds before the due date. */
export const USUAL = [0, 600, 3600, 86_400, 604_800];

/** Null where the text is neither. */
export function parseReminder(text: string): Reminder | null {
  const found = /^P(?!$)(?:(\d{1,4})W)?(?:(\d{1,4})D)?(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?$/.exec(text);
  if (found) {
    const [weeks, days, hours, minutes, seconds] = found.slice(1).map((digits) => Number(digits ?? 0)) as [number, number, number, number, number];
    return { kind: "before", seconds: weeks * UNITS.weeks + days * UNITS.days + hours * UNITS.hours + minutes * UNITS.minutes + seconds };
  }
  return /^\d{4}-\d{2}-\d{2}T/.test(text) && !Number.isNaN(Date.parse(text)) ? { kind: "at", instant: text } : null;
}

/** As the server writes it: `PT10M`, `P1D`, `P1DT2H`, `PT0S`. */
export function duration(seconds: number): string {
  const days = Math.floor(seconds / UNITS.days);
  const rest = seconds % UNITS.days;
  const [hours, minutes, left] = [Math.floor(rest / 3600), Math.floor((rest % 3600) / 60), rest % 60];
  const time = `${hours > 0 ? `${hours}H` : ""}${minutes > 0 ? `${minutes}M` : ""}${left > 0 || seconds === 0 ? `${left}S` : ""}`;
  return `P${days > 0 ? `${days}D` : ""}${time && `T${time}`}`;
}

const counted = (count: number, unit: string): string => `${count} ${unit}${count === 1 ? "" : "s"}`;

/** `1 hour before`, `At the time it is due`. */
export function beforeInWords(seconds: number): string {
  if (seconds === 0) return "At the time it is due";
  if (seconds % UNITS.weeks === 0) return `${counted(seconds / UNITS.weeks, "week")} before`;
  const rest = seconds % UNITS.days;
  const parts = [
    [Math.floor(seconds / UNITS.days), "day"],
    [Math.floor(rest / 3600), "hour"],
    [Math.floor((rest % 3600) / 60), "minute"],
    [rest % 60, "second"],
  ] as const;
  return `${parts.filter(([count]) => count > 0).map(([count, unit]) => counted(count, unit)).join(" ")} before`;
}

export function reminderInWords(text: string, zone: string, today: Day): string {
  const reminder = parseReminder(text);
  if (!reminder) return text;
  if (reminder.kind === "before") return beforeInWords(reminder.seconds);
  return `${dayInWords(dayOf(reminder.instant, zone), today)} ${formatTime(reminder.instant, zone)}`;
}

/** All of them in a few words. */
export function remindersInWords(reminders: readonly string[], zone: string, today: Day): string {
  const [first, ...others] = reminders;
  if (first === undefined) return "None";
  return others.length === 0 ? reminderInWords(first, zone, today) : `${reminderInWords(first, zone, today)} and ${others.length} more`;
}

/** Whether two texts mean the same moment or duration. */
export function isSameReminder(a: string, b: string): boolean {
  const [left, right] = [parseReminder(a), parseReminder(b)];
  if (left?.kind === "before" && right?.kind === "before") return left.seconds === right.seconds;
  if (left?.kind === "at" && right?.kind === "at") return Date.parse(left.instant) === Date.parse(right.instant);
  return a === b;
}

/** The one that is due first comes first: the longest durations, then the moments by their time. */
export function sortedReminders(reminders: readonly string[]): string[] {
  const key = (text: string): number => {
    const reminder = parseReminder(text);
    if (!reminder) return Infinity;
    return reminder.kind === "before" ? -reminder.seconds : Date.parse(reminder.instant);
  };
  return [...reminders].sort((a, b) => key(a) - key(b));
}
