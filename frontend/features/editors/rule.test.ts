import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildPattern, parseRule, patternInWords, type Rule, ruleInWords, simpleRule, WEEKDAYS } from "./rule";

const TUESDAY = "2026-11-24";
const DAY31 = "2026-12-31";

describe("patterns that can be drawn", () => {
  it.each([
    ["daily", "Every day"],
    ["weekly", "Every week"],
    ["weekdays", "Every weekday"],
    ["monthly", "Every month"],
    ["yearly", "Every year"],
    ["FREQ=DAILY;INTERVAL=3", "Every 3 days"],
    ["FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH", "Every 2 weeks on Tue and Thu"],
    ["FREQ=WEEKLY;BYDAY=MO", "Every week on Monday"],
    ["FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU,WE,TH,FR", "Every 2 weeks on weekdays"],
    ["FREQ=MONTHLY;BYDAY=2TU", "Every month on the 2nd Tuesday"],
    ["FREQ=MONTHLY;BYDAY=-1FR", "Every month on the last Friday"],
    ["FREQ=MONTHLY;BYMONTHDAY=-1", "Every month on the last day"],
    ["FREQ=MONTHLY;BYMONTHDAY=15", "Every month on the 15th"],
    ["FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1", "Every month on the 31st"],
    ["FREQ=DAILY;COUNT=5", "Every day, 5 times"],
    ["FREQ=WEEKLY;UNTIL=20271231", "Every week, until Dec 31, 2027"],
  ])("%s stays as it is and reads: %s", (pattern, words) => {
    const rule = parseRule(pattern);
    expect(rule && buildPattern(rule, TUESDAY)).toBe(pattern);
    expect(patternInWords(pattern)).toBe(words);
  });

  it("reads other spellings of the same", () => {
    expect(parseRule("rrule:freq=monthly;byday=FR;bysetpos=-1")).toEqual(parseRule("FREQ=MONTHLY;BYDAY=-1FR"));
    expect(parseRule("FREQ=WEEKLY;WKST=MO;BYDAY=TH,TU")?.weekdays).toEqual(["TU", "TH"]);
  });
});

it.each([
  "",
  "sometimes",
  "constructor",
  "FREQ=HOURLY",
  "FREQ=DAILY;BYHOUR=2;BYMINUTE=30",
  "FREQ=MONTHLY;BYDAY=2TU,-1FR",
  "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
  "FREQ=MONTHLY;BYDAY=MO",
  "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1",
  "FREQ=MONTHLY;BYMONTHDAY=31",
  "FREQ=WEEKLY;UNTIL=20271231T120000Z",
  "FREQ=WEEKLY;UNTIL=20271399",
  "FREQ=DAILY;COUNT=5;UNTIL=20271231",
  "FREQ=DAILY;FREQ=DAILY",
  "FREQ=DAILY;INTERVAL=0",
])("does not draw %j", (pattern) => {
  expect(parseRule(pattern)).toBeNull();
});

it("prefers the words of the contract, and keeps to the due date", () => {
  expect(buildPattern({ ...simpleRule("week"), weekdays: ["TU"] }, TUESDAY)).toBe("weekly");
  expect(buildPattern({ ...simpleRule("week"), weekdays: ["TU"] }, null)).toBe("FREQ=WEEKLY;BYDAY=TU");
  expect(buildPattern({ ...simpleRule("month"), monthDay: { kind: "date", day: 24 } }, TUESDAY)).toBe("monthly");
});

it("falls on the last day of shorter months", () => {
  expect(buildPattern({ ...simpleRule("month"), every: 2 }, DAY31)).toBe("FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=28,29,30,31;BYSETPOS=-1");
});

const rules: fc.Arbitrary<Rule> = fc.record({
  unit: fc.constantFrom("day", "week", "month", "year"),
  every: fc.integer({ min: 1, max: 1000 }),
  weekdays: fc.subarray([...WEEKDAYS]),
  monthDay: fc.oneof(
    fc.record({ kind: fc.constant("date" as const), day: fc.option(fc.integer({ min: 1, max: 31 })) }),
    fc.record({ kind: fc.constant("nth" as const), nth: fc.constantFrom(-1, 1, 2, 3, 4, 5), weekday: fc.constantFrom(...WEEKDAYS) }),
    fc.constant({ kind: "last" as const }),
  ),
  end: fc.oneof(
    fc.constant({ kind: "never" as const }),
    fc.record({ kind: fc.constant("count" as const), count: fc.integer({ min: 1, max: 10_000 }) }),
    fc.constant({ kind: "until" as const, day: "2027-02-28" }),
  ),
});

it("reads back what it writes", () => {
  fc.assert(
    fc.property(rules, (rule) => {
      const pattern = buildPattern(rule, null);
      const read = parseRule(pattern);
      expect(read).not.toBeNull();
      if (!read) return;
      expect(buildPattern(read, null)).toBe(pattern);
      expect(read.unit).toBe(rule.unit);
      expect(read.every).toBe(rule.every);
      expect(read.end).toEqual(rule.end);
      if (rule.unit === "week") expect(read.weekdays).toEqual(rule.weekdays);
      if (rule.unit === "month") expect(read.monthDay).toEqual(rule.monthDay);
      expect(ruleInWords(read)).toMatch(/^Every /);
    }),
  );
});

it("takes any text without failing", () => {
  fc.assert(fc.property(fc.string(), (text) => void parseRule(text)));
});
