import { expect, it } from "vitest";
import type { Task } from "@/sync/tasks";
import { columnBeside, columnsOf } from "./columns";

const NOW = Date.parse("2026-11-23T12:00:00Z");
const task = (id: string, patch: Partial<Task>): Task =>
  ({ id, title: id, status: "pending", priority: "medium", due_date: null, created_at: "2026-11-01T00:00:00Z", updated_at: "2026-11-20T00:00:00Z", completed_at: null, ...patch }) as Task;
const ids = (tasks: Task[]) => tasks.map(({ id }) => id);

it("sorts by due date, then priority, then age", () => {
  const columns = columnsOf(
    [
      task("none", {}),
      task("low", { due_date: "2026-11-24T09:00:00Z", priority: "low" }),
      task("urgent", { due_date: "2026-11-24T10:00:00+01:00", priority: "urgent" }),
      task("early", { due_date: "2026-11-23T09:00:00Z" }),
      task("older", { created_at: "2026-10-01T00:00:00Z" }),
    ],
    NOW,
  );
  expect(ids(columns.pending)).toEqual(["early", "urgent", "low", "older", "none"]);
});

it("keeps what was done in the last seven days, the newest first", () => {
  const columns = columnsOf(
    [
      task("old", { status: "completed", completed_at: "2026-11-16T11:59:59Z" }),
      task("edge", { status: "completed", completed_at: "2026-11-16T12:00:00Z" }),
      task("new", { status: "completed", completed_at: "2026-11-23T11:00:00Z" }),
      task("gone", { status: "cancelled", updated_at: "2026-01-01T00:00:00Z" }),
    ],
    NOW,
  );
  expect(ids(columns.completed)).toEqual(["new", "edge"]);
  expect(ids(columns.cancelled)).toEqual(["gone"]);
});

it("knows what is beside", () => {
  expect(columnBeside("pending", 1)).toBe("in_progress");
  expect(columnBeside("pending", -1)).toBeNull();
  expect(columnBeside("cancelled", 1)).toBeNull();
});
