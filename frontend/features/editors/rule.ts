/**
 * Recurrence patterns as the editor draws them: the contract's words and the RFC 5545 rules that one would set by hand.
 * The due date is the start of a rule, by the clocks of the person's zone.
 */
import { type Day, formatDay } from "@/features/time/zone";

export const WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"] as const;
export type Weekday = (typeof WEEKDAYS)[number];
export type Unit = "day" | "week" | "month" | "year";

/** On which day of a month: the `day`th (null: that of the due date; in shorter months the last), the nth weekday (-1: the last), or the last day. */
export type MonthDay = { kind: "date"; day: number | null } | { kind: "nth"; nth: number; weekday: Weekday } | { kind: "last" };

export type End = { kind: "never" } | { kind: "until"; day: Day } | { kind: "count"; count: number };

export interface Rule {
  unit: Unit;
  /** 1 to 1000. */
  every: number;
  /** Of weeks: on these days; none: on that of the due date. */
  weekdays: Weekday[];
  /** Of months. */
  monthDay: MonthDay;
  end: End;
}

const FREQUENCIES: Record<Unit, string> = { day: "DAILY", week: "WEEKLY", month: "MONTHLY", year: "YEARLY" };
const WORDS: Record<string, Unit> = { daily: "day", weekly: "week", monthly: "month", yearly: "year" };
const WORKING_DAYS: Weekday[] = ["MO", "TU", "WE", "TH", "FR"];
export const MAX_EVERY = 1000;
export const MAX_COUNT = 10_000;

/** Every so many units, for good. */
export const simpleRule = (unit: Unit): Rule => ({ unit, every: 1, weekdays: [], monthDay: { kind: "date", day: null }, end: { kind: "never" } });
export const workingDays = (): Rule => ({ ...simpleRule("week"), weekdays: [...WORKING_DAYS] });

export const isWorkingDays = (days: readonly Weekday[]): boolean => days.length === 5 && WORKING_DAYS.every((day) => days.includes(day));

/** The weekday that a day is. */
export const weekdayOf = (day: Day): Weekday => WEEKDAYS[(new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7] ?? "MO";

const inWeekOrder = (days: readonly Weekday[]): Weekday[] => WEEKDAYS.filter((day) => days.includes(day));

const number = (text: string | undefined, least: number, most: number): number | null => {
  const value = text !== undefined && /^[+-]?\d{1,5}$/.test(text) ? Number(text) : NaN;
  return value >= least && value <= most ? value : null;
};

/** The rule that a pattern is; null where the editor cannot draw it. */
export function parseRule(pattern: string): Rule | null {
  const word = pattern.trim().toLowerCase();
  if (word === "weekdays") return workingDays();
  const wordUnit = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
  if (wordUnit) return simpleRule(wordUnit);

  const parts = new Map<string, string>();
  for (const part of pattern.trim().toUpperCase().replace(/^RRULE:/, "").split(";")) {
    const [name = "", value] = part.split("=");
    if (value === undefined || parts.has(name)) return null;
    parts.set(name, value);
  }
  const take = (name: string): string | undefined => {
    const value = parts.get(name);
    parts.delete(name);
    return value;
  };
  const frequency = take("FREQ");
  const unit = (Object.keys(FREQUENCIES) as Unit[]).find((each) => FREQUENCIES[each] === frequency);
  if (!unit) return null;
  const rule = simpleRule(unit);
  const every = number(take("INTERVAL") ?? "1", 1, MAX_EVERY);
  if (every === null) return null;
  rule.every = every;
  if (parts.get("WKST") === "MO") parts.delete("WKST");

  const end = endOf(take("COUNT"), take("UNTIL"));
  if (!end) return null;
  rule.end = end;

  const byDay = take("BYDAY");
  const byMonthDay = take("BYMONTHDAY");
  const position = take("BYSETPOS");
  if (parts.size > 0) return null;
  if (unit === "week" && byDay !== undefined && byMonthDay === undefined && position === undefined) {
    const days = byDay.split(",");
    if (!days.every((day) => (WEEKDAYS as readonly string[]).includes(day))) return null;
    return { ...rule, weekdays: inWeekOrder(days as Weekday[]) };
  }
  if (unit === "month") {
    const monthDay = monthDayOf(byDay, byMonthDay, position);
    return monthDay && { ...rule, monthDay };
  }
  return byDay === undefined && byMonthDay === undefined && position === undefined ? rule : null;
}

function endOf(count: string | undefined, until: string | undefined): End | null {
  if (count !== undefined && until !== undefined) return null;
  if (count !== undefined) {
    const times = number(count, 1, MAX_COUNT);
    return times === null ? null : { kind: "count", count: times };
  }
  if (until === undefined) return { kind: "never" };
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})$/.exec(until) ?? [];
  const date = `${year}-${month}-${day}`;
  return year && !Number.isNaN(Date.parse(`${date}T00:00:00Z`)) ? { kind: "until", day: date } : null;
}

function monthDayOf(byDay: string | undefined, byMonthDay: string | undefined, position: string | undefined): MonthDay | null {
  if (byDay !== undefined && byMonthDay !== undefined) return null;
  if (byDay !== undefined) {
    const [, counted, weekday] = /^([+-]?\d)?(MO|TU|WE|TH|FR|SA|SU)$/.exec(byDay) ?? [];
    if (!weekday || (counted === undefined) === (position === undefined)) return null;
    const nth = number(counted ?? position, -1, 5);
    return nth === null || nth === 0 ? null : { kind: "nth", nth, weekday: weekday as Weekday };
  }
  if (byMonthDay === undefined) return position === undefined ? { kind: "date", day: null } : null;
  if (byMonthDay === "-1" && position === undefined) return { kind: "last" };
  if (position === undefined) {
    const day = number(byMonthDay, 1, 28);
    return day === null ? null : { kind: "date", day };
  }
  // The nth, or the last of a month that is too short.
  const days = byMonthDay.split(",");
  const last = number(days.at(-1), 29, 31);
  return position === "-1" && last !== null && byMonthDay === orLast(last) ? { kind: "date", day: last } : null;
}

const orLast = (day: number): string => [28, 29, 30, 31].filter((each) => each <= day).join(",");

/** The pattern of a rule: a word of the contract where there is one. `start` is the day of the due date, if there is one. */
export function buildPattern(rule: Rule, start: Day | null): string {
  const { unit, every, end } = rule;
  const isPlain = every === 1 && end.kind === "never";
  const parts = [`FREQ=${FREQUENCIES[unit]}`];
  if (every > 1) parts.push(`INTERVAL=${every}`);
  if (unit === "week") {
    const days = inWeekOrder(rule.weekdays);
    if (isPlain && isWorkingDays(days)) return "weekdays";
    const isSameAsDue = days.length === 0 || (days.length === 1 && start !== null && days[0] === weekdayOf(start));
    if (isPlain && isSameAsDue) return "weekly";
    if (days.length > 0) parts.push(`BYDAY=${days.join(",")}`);
  } else if (unit === "month") {
    const { monthDay } = rule;
    if (monthDay.kind === "last") parts.push("BYMONTHDAY=-1");
    else if (monthDay.kind === "nth") parts.push(`BYDAY=${monthDay.nth}${monthDay.weekday}`);
    else {
      const startDay = start === null ? null : Number(start.slice(8));
      if (isPlain && (monthDay.day === null || monthDay.day === startDay)) return "monthly";
      const day = monthDay.day ?? startDay;
      if (day !== null && day > 28) parts.push(`BYMONTHDAY=${orLast(day)}`, "BYSETPOS=-1");
      else if (monthDay.day !== null) parts.push(`BYMONTHDAY=${monthDay.day}`);
    }
  } else if (isPlain) return unit === "day" ? "daily" : "yearly";
  if (end.kind === "count") parts.push(`COUNT=${end.count}`);
  if (end.kind === "until") parts.push(`UNTIL=${end.day.replaceAll("-", "")}`);
  return parts.join(";");
}

/** `Monday`; `short`: `Mon`. 2024 began on a Monday. */
export const weekdayName = (day: Weekday, width: "long" | "short" | "narrow" = "long"): string =>
  formatDay(`2024-01-0${WEEKDAYS.indexOf(day) + 1}`, { weekday: width });

const list = (items: string[]): string => (items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`);

/** `1st`, `22nd`; -1: `last`. */
export function ordinal(n: number): string {
  if (n === -1) return "last";
  const suffix = n % 100 >= 11 && n % 100 <= 13 ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th");
  return `${n}${suffix}`;
}

/** A rule in a few words: `Every 2 weeks on Tue and Thu, 5 times`. */
export function ruleInWords(rule: Rule): string {
  const { unit, every, end, monthDay } = rule;
  const isWorking = unit === "week" && isWorkingDays(rule.weekdays);
  let text = every === 1 ? (isWorking ? "Every weekday" : `Every ${unit}`) : `Every ${every} ${unit}s`;
  if (unit === "week" && rule.weekdays.length > 0 && !(isWorking && every === 1)) {
    const days = inWeekOrder(rule.weekdays);
    text += ` on ${isWorking ? "weekdays" : list(days.map((day) => weekdayName(day, days.length === 1 ? "long" : "short")))}`;
  }
  if (unit === "month" && monthDay.kind === "nth") text += ` on the ${ordinal(monthDay.nth)} ${weekdayName(monthDay.weekday)}`;
  if (unit === "month" && monthDay.kind === "last") text += " on the last day";
  if (unit === "month" && monthDay.kind === "date" && monthDay.day !== null) text += ` on the ${ordinal(monthDay.day)}`;
  if (end.kind === "count") text += end.count === 1 ? ", once" : `, ${end.count} times`;
  if (end.kind === "until") text += `, until ${formatDay(end.day, { day: "numeric", month: "short", year: "numeric" })}`;
  return text;
}

/** A pattern in words; one that cannot be drawn is a custom rule. */
export function patternInWords(pattern: string): string {
  const rule = parseRule(pattern);
  return rule ? ruleInWords(rule) : "Custom rule";
}
