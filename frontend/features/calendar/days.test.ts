import { expect, it } from "vitest";
import { weekStart } from "@/features/time/zone";
import type { Task } from "@/sync/tasks";
import { addMonths, dayAfterKey, tasksByDay, weeksOf } from "./days";

const ZURICH = "Europe/Zurich";
const task = (id: string, due_date: string | null, patch: Partial<Task> = {}): Task => ({ id, title: id, status: "pending", priority: "medium", created_at: "2026-11-01T00:00:00Z", due_date, ...patch }) as Task;

it.each(["2026-02-01", "2026-03-31", "2026-11-23", "2027-05-15"])("shows all of the month of %s in whole weeks", (day) => {
  const weeks = weeksOf(day);
  const days = weeks.flat();
  const month = days.filter((each) => each.startsWith(day.slice(0, 7)));
  expect(weeks.every((week) => week.length === 7 && week[0] === weekStart(week[3] ?? ""))).toBe(true);
  expect(month).toHaveLength(new Date(Date.UTC(Number(day.slice(0, 4)), Number(day.slice(5, 7)), 0)).getUTCDate());
  expect(new Set(days).size).toBe(days.length);
  expect(weeks.every((week) => week.some((each) => each.startsWith(day.slice(0, 7))))).toBe(true);
});

it.each([
  ["2026-11-23", 1, "2026-12-23"],
  ["2026-01-31", 1, "2026-02-28"],
  ["2026-01-15", -1, "2025-12-15"],
  ["2026-12-31", 2, "2027-02-28"],
])("%s and %i months is %s", (day, months, expected) => {
  expect(addMonths(day, months)).toBe(expected);
});

it("puts a task on its day in the person's zone, whole days first", () => {
  const days = tasksByDay(
    [
      task("evening", "2026-11-23T17:00:00Z"),
      task("morning", "2026-11-23T07:00:00Z"),
      task("any", "2026-11-23T22:59:00Z"),
      task("urgent", "2026-11-23T22:59:00Z", { priority: "urgent" }),
      task("next", "2026-11-23T23:30:00Z"),
      task("cancelled", "2026-11-23T17:00:00Z", { status: "cancelled" }),
      task("none", null),
    ],
    ZURICH,
  );
  expect(days.get("2026-11-23")?.map(({ id }) => id)).toEqual(["urgent", "any", "morning", "evening"]);
  expect(days.get("2026-11-24")?.map(({ id }) => id)).toEqual(["next"]);
});

it("goes where the keys lead", () => {
  expect(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "PageUp", "PageDown", "a"].map((key) => dayAfterKey(key, "2026-11-01", "month"))).toEqual([
    "2026-10-31",
    "2026-11-02",
    "2026-10-25",
    "2026-11-08",
    "2026-10-01",
    "2026-12-01",
    null,
  ]);
  expect(dayAfterKey("PageDown", "2026-11-01", "week")).toBe("2026-11-08");
});
