/**
 * Days and times in the person's time zone. A day is `YYYY-MM-DD`, a wall time `YYYY-MM-DDTHH:mm`; an instant is what
 * the API has: RFC 3339 in UTC. An unknown zone counts as UTC.
 */

export type Day = string;

const formats = new Map<string, Intl.DateTimeFormat>();

/** `Intl.DateTimeFormat`, made once for each zone and options. */
export function formatter(zone: string, options: Intl.DateTimeFormatOptions, locale?: string): Intl.DateTimeFormat {
  const key = `${locale} ${zone} ${JSON.stringify(options)}`;
  let format = formats.get(key);
  if (!format) {
    try {
      format = new Intl.DateTimeFormat(locale, { ...options, timeZone: zone });
    } catch {
      format = new Intl.DateTimeFormat(locale, { ...options, timeZone: "UTC" });
    }
    formats.set(key, format);
  }
  return format;
}

/** The zone that this device is in. */
export function deviceZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

/** The wall time that an instant has in a zone. */
export function wallTime(instant: string | number | Date, zone: string): string {
  const parts = formatter(zone, { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }, "en-CA").formatToParts(
    new Date(instant),
  );
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? "00";
  return `${part("year").padStart(4, "0")}-${part("month")}-${part("day")}T${part("hour")}:${part("minute")}`;
}

/** The day that an instant falls on in a zone. */
export function dayOf(instant: string | number | Date, zone: string): Day {
  return wallTime(instant, zone).slice(0, 10);
}

/** The time of day (`HH:mm`) that an instant has in a zone. */
export function timeOf(instant: string | number | Date, zone: string): string {
  return wallTime(instant, zone).slice(11);
}

/**
 * The instant of a wall time. One that a change of clocks leaves out is taken as if the clocks had not changed yet; of
 * one that comes twice, the first is meant.
 */
export function instantOf(wall: string, zone: string): string {
  const asUtc = Date.parse(`${wall.slice(0, 16)}:00Z`);
  const offsetAt = (time: number) => Date.parse(`${wallTime(time, zone)}:00Z`) - time;
  const before = offsetAt(asUtc - 86_400_000);
  const after = offsetAt(asUtc + 86_400_000);
  const candidate = asUtc - before;
  const instant = offsetAt(candidate) === before || offsetAt(asUtc - after) !== after ? candidate : asUtc - after;
  return new Date(instant).toISOString().replace(".000Z", "Z");
}

/** The first instant of a day, in milliseconds. */
export const startOf = (day: Day, zone: string): number => Date.parse(instantOf(`${day}T00:00`, zone));

/** The day `days` after another. */
export function addDays(day: Day, days: number): Day {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** How many days lie between: 1 from today to tomorrow. */
export function daysBetween(from: Day, to: Day): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000);
}

/** 0 for Sunday to 6. */
export function weekday(day: Day): number {
  return new Date(`${day}T00:00:00Z`).getUTCDay();
}

/** The first day of the week that `day` lies in; weeks begin on Monday unless the device's region says otherwise. */
export function weekStart(day: Day): Day {
  return addDays(day, -((weekday(day) - firstWeekday() + 7) % 7));
}

let cachedFirstWeekday: number | undefined;

/** 0 for Sunday to 6: on which day a week begins in this device's region. */
export function firstWeekday(): number {
  if (cachedFirstWeekday === undefined) {
    const locale = new Intl.Locale(Intl.DateTimeFormat().resolvedOptions().locale) as Intl.Locale & {
      getWeekInfo?: () => { firstDay: number };
      weekInfo?: { firstDay: number };
    };
    cachedFirstWeekday = (locale.getWeekInfo?.() ?? locale.weekInfo)?.firstDay ?? 1;
  }
  return cachedFirstWeekday % 7;
}

/** A day in words: `formatDay("2026-11-23", { weekday: "long" })`. */
export function formatDay(day: Day, options: Intl.DateTimeFormatOptions): string {
  return formatter("UTC", options).format(new Date(`${day}T00:00:00Z`));
}

/** The time of day, as the device's region writes it. */
export function formatTime(instant: string | number | Date, zone: string): string {
  return formatter(zone, { hour: "numeric", minute: "2-digit" }).format(new Date(instant));
}

/** A day as people say it: Today, Tomorrow, Yesterday, Friday, 3 Dec, 3 Dec 2027. */
export function dayInWords(day: Day, today: Day): string {
  const distance = daysBetween(today, day);
  if (distance === 0) return "Today";
  if (distance === 1) return "Tomorrow";
  if (distance === -1) return "Yesterday";
  if (distance > 1 && distance < 7) return formatDay(day, { weekday: "long" });
  const sameYear = day.slice(0, 4) === today.slice(0, 4);
  return formatDay(day, { day: "numeric", month: "short", year: sameYear ? undefined : "numeric" });
}

/** When something is due: `Tomorrow 17:00`. A due time of 23:59 stands for the whole day, as the chat sets it. */
export function dueInWords(instant: string, zone: string, today: Day): string {
  const day = dayInWords(dayOf(instant, zone), today);
  return timeOf(instant, zone) === "23:59" ? day : `${day} ${formatTime(instant, zone)}`;
}
