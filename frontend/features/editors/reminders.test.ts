import fc from "fast-check";
import { expect, it } from "vitest";
import { beforeInWords, duration, isSameReminder, MAX_BEFORE, parseReminder, reminderInWords, sortedReminders } from "./reminders";

it.each([
  ["PT0S", 0, "At the time it is due"],
  ["PT10M", 600, "10 minutes before"],
  ["PT1H", 3600, "1 hour before"],
  ["P1D", 86_400, "1 day before"],
  ["P7D", 604_800, "1 week before"],
  ["P1DT2H30M", 95_400, "1 day 2 hours 30 minutes before"],
])("%s", (text, seconds, words) => {
  expect(parseReminder(text)).toEqual({ kind: "before", seconds });
  expect(duration(seconds)).toBe(text);
  expect(beforeInWords(seconds)).toBe(words);
});

it("reads other spellings", () => {
  expect(isSameReminder("P1W", "P7D")).toBe(true);
  expect(isSameReminder("PT60M", "PT1H")).toBe(true);
  expect(isSameReminder("2026-11-24T09:00:00Z", "2026-11-24T10:00:00+01:00")).toBe(true);
  expect(isSameReminder("PT1H", "P1D")).toBe(false);
});

it.each(["", "P", "PT", "P1DT", "1 hour", "-PT1H", "PT1.5H", "P1M", "tomorrow"])("%j is none", (text) => {
  expect(parseReminder(text)).toBeNull();
  expect(reminderInWords(text, "UTC", "2026-11-23")).toBe(text);
});

it("reads back every duration that it writes", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: MAX_BEFORE }), (seconds) => {
      expect(parseReminder(duration(seconds))).toEqual({ kind: "before", seconds });
    }),
  );
});

it("puts what comes first in front", () => {
  expect(sortedReminders(["PT10M", "2026-11-24T09:00:00Z", "P1D"])).toEqual(["P1D", "PT10M", "2026-11-24T09:00:00Z"]);
});

it("says moments in the person's zone", () => {
  expect(reminderInWords("2026-11-24T23:30:00Z", "Europe/Zurich", "2026-11-24")).toMatch(/^Tomorrow (00|12):30/);
});
