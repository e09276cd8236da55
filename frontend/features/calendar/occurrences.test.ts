import { expect, it } from "vitest";
import type { Task } from "@/sync/tasks";
import { covers, type Known, knownFrom, occurrencesByDay, repeating } from "./occurrences";

const ZURICH = "Europe/Zurich";
const at = Date.parse;
const task = (id: string, patch: Partial<Task> = {}): Task =>
  ({ id, title: id, status: "pending", due_date: "2026-11-23T08:00:00Z", recurrence_pattern: "daily", recurrence_from: "due_date", ...patch }) as Task;
const days = (count: number) => Array.from({ length: count }, (_, index) => new Date(Date.UTC(2026, 10, 24 + index, 8)).toISOString());

it("knows all dates there are, or up to the last of as many as the server gives", () => {
  const from = at("2026-11-24T00:00:00Z");
  expect(knownFrom(from, days(49)).to).toBe(Infinity);
  const known = knownFrom(from, days(50));
  expect(known.to).toBe(at("2027-01-12T08:00:00Z"));
  expect(covers(known, from, at("2027-01-01T00:00:00Z"))).toBe(true);
  expect(covers(known, from, at("2027-02-01T00:00:00Z"))).toBe(false);
  expect(covers(known, from - 1, at("2026-12-01T00:00:00Z"))).toBe(false);
  expect(covers(undefined, from, from)).toBe(false);
});

it("looks at open tasks that repeat and are due before the end", () => {
  const end = at("2026-12-01T00:00:00Z");
  const tasks = [
    task("yes"),
    task("done", { status: "completed" }),
    task("once", { recurrence_pattern: null }),
    task("undated", { due_date: null }),
    task("later", { due_date: "2026-12-01T08:00:00Z" }),
  ];
  expect(repeating(tasks, end).map(({ id }) => id)).toEqual(["yes"]);
});

it("shows what is still to come on its day in the person's zone, by the clock", () => {
  const known: Record<string, Known> = {
    night: knownFrom(0, ["2026-11-23T23:30:00Z", "2026-11-24T23:30:00Z"]),
    morning: knownFrom(0, ["2026-11-23T08:00:00Z", "2026-11-25T08:00:00Z", "2026-12-09T08:00:00Z"]),
  };
  const now = at("2026-11-23T12:00:00Z");
  const found = occurrencesByDay([task("night"), task("morning"), task("unknown")], ({ id }) => known[id], now, at("2026-12-01T00:00:00Z"), ZURICH);
  const shown = [...found].map(([day, list]) => [day, list.map((each) => each.task.id)]);
  expect(shown).toEqual([
    ["2026-11-24", ["night"]],
    ["2026-11-25", ["night", "morning"]],
  ]);
});
