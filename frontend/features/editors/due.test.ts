import { expect, it } from "vitest";
import { daysBetween } from "@/features/time/zone";
import { dueOf, instantOfDue, isWholeDay, movedTo, quickDays } from "./due";

const ZURICH = "Europe/Zurich";

it("keeps the time of day on another day, also over a change of clocks", () => {
  expect(movedTo("2026-10-23T07:00:00Z", "2026-10-26", ZURICH)).toBe("2026-10-26T08:00:00Z");
  expect(movedTo(null, "2026-11-24", ZURICH)).toBe("2026-11-24T22:59:00Z");
});

it("has no time where it is only a day", () => {
  expect(dueOf("2026-11-24T22:59:00Z", ZURICH)).toEqual({ day: "2026-11-24", time: null });
  expect(instantOfDue({ day: "2026-11-24", time: null }, ZURICH)).toBe("2026-11-24T22:59:00Z");
  expect(dueOf("2026-11-24T16:00:00Z", ZURICH)).toEqual({ day: "2026-11-24", time: "17:00" });
});

it("tells a whole day from one that is being typed", () => {
  expect(["2026-11-24", "0202-11-24", "", "1969-01-01"].map(isWholeDay)).toEqual([true, false, false, false]);
});

it("offers days after today", () => {
  expect(quickDays("2026-11-23").map(({ day }) => day).slice(0, 2)).toEqual(["2026-11-23", "2026-11-24"]);
  expect(daysBetween("2026-11-23", quickDays("2026-11-23")[2]?.day ?? "")).toBeGreaterThan(0);
});
