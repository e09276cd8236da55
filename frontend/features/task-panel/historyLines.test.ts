import { expect, it } from "vitest";
import { type AuditEntry, linesOf, merged } from "./historyLines";

const READER = { zone: "Europe/Zurich", today: "2026-11-23" };
const TASK = { title: "Pay rent", description: null, status: "pending", priority: "medium", due_date: null, tags: [], reminders: [], recurrence_pattern: null, recurrence_from: "due_date" };

let seq = 0;
function entry(event_type: string, data: object, topic = "task-events"): AuditEntry {
  seq += 1;
  const at = new Date(Date.UTC(2026, 10, 20) + seq * 60_000).toISOString();
  return { id: `entry-${seq}`, seq, topic, event_type, occurred_at: at, recorded_at: at, content_digest: "", hash: "", correlation_id: null, previous_hash: null, task_id: null, version: null, data: data as never };
}
const change = (patch: object, event_type = "task_updated") => entry(event_type, { task_data: { ...TASK, ...patch } });
const told = (entries: AuditEntry[], isWhole = true) => linesOf(merged([], entries), isWhole, READER).map((line) => line.texts);

it.each([
  [{ title: "Pay the rent" }, "Renamed from “Pay rent” to “Pay the rent”"],
  [{ description: "By transfer" }, "Notes added"],
  [{ status: "in_progress" }, "Status changed from to do to in progress"],
  [{ priority: "urgent" }, "Priority changed from medium to urgent"],
  [{ due_date: "2026-11-24T22:59:00Z" }, "Due date set to tomorrow"],
  [{ recurrence_pattern: "monthly" }, "Repeat set to every month"],
  [{ recurrence_from: "completion" }, "Repeats counted from the day it is done"],
  [{ reminders: ["PT1H"] }, "Reminders changed to 1 hour before"],
  [{ tags: ["home", "money"] }, "Tagged home, money"],
])("tells %j", (patch, words) => {
  expect(told([change({}, "task_created"), change(patch)])).toEqual([[words], ["Created as “Pay rent”"]]);
});

it("says from where to where a due date moved", () => {
  const lines = told([change({ due_date: "2026-11-27T22:59:00Z" }, "task_created"), change({ due_date: "2026-11-25T22:59:00Z" }), change({})]);
  expect(lines).toEqual([["Due date removed, was Wednesday"], ["Due date moved from Friday to Wednesday"], ["Created as “Pay rent”"]]);
});

it("tells what was done and undone", () => {
  const lines = told([change({}, "task_created"), change({ status: "completed" }, "task_completed"), change({}), change({}, "task_deleted")]);
  expect(lines).toEqual([["Deleted"], ["Reopened"], ["Completed"], ["Created as “Pay rent”"]]);
});

it("puts reminders that were set together in one line", () => {
  const scheduled = (remind_at: string) => entry("reminder_scheduled", { remind_at }, "reminders");
  const lines = told([change({}, "task_created"), scheduled("2026-11-24T08:00:00Z"), scheduled("2026-11-23T08:00:00Z"), entry("reminder_triggered", { remind_at: "2026-11-23T08:00:00Z", late: true }, "reminders")]);
  expect(lines[0]).toEqual(["Reminder sent, late"]);
  expect(lines[1]).toHaveLength(2);
  expect(lines).toHaveLength(3);
});

it("keeps back what the next page explains", () => {
  const [first, second, third] = [change({}, "task_created"), change({ priority: "low" }), change({ priority: "high" })];
  expect(told([second, third], false)).toEqual([["Priority changed from low to high"]]);
  expect(told([first, second, third])).toHaveLength(3);
});

it("does not fail on entries that have lost their content, or never had any", () => {
  expect(told([entry("task_created", {}), { ...entry("task_updated", {}), data: null }, entry("reminder_triggered", { remind_at: "soon" }, "reminders")])).toEqual([["Changed"], ["Created"]]);
});

it("has each entry once, newest first", () => {
  const [first, second] = [change({}, "task_created"), change({ priority: "low" })];
  expect(merged([first], [second, first]).map(({ id }) => id)).toEqual([second.id, first.id]);
});
