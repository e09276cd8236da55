/**
 * A server as the contract says, in memory: versions, `If-Match`, idempotency keys, notifications. The tests' oracle; it also plays the
 * person's other devices, loses requests and answers, and counts the effects of each change.
 */
import { ApiProblem } from "@/api/client";
import { drafted, fieldsOf, sameValue, valuesOf } from "./changes";
import type { Notification } from "./notifications";
import type { Server } from "./outbox";
import type { Change, Task, TaskPatchInput } from "./types";

export type Fault = "none" | "request lost" | "answer lost" | "unavailable" | "busy";

export interface Event {
  type: "task" | "deleted";
  task: Task;
}

export const USER = "6f1c1f5e-7d3c-4a52-9d7d-0a3f1f2b9c11";
const DAY = 86_400_000;

/** The API keeps a rule in its own spelling, which this device does not know beforehand. */
const stored = (patch: TaskPatchInput): TaskPatchInput =>
  patch.recurrence_pattern ? { ...patch, recurrence_pattern: patch.recurrence_pattern.toUpperCase() } : patch;

export class Model {
  readonly tasks = new Map<string, Task>();
  private readonly deleted = new Map<string, Task>();
  readonly events: Event[] = [];
  /** The inbox, newest first. */
  notifications: Notification[] = [];
  /** How often a change had an effect. */
  readonly effects = new Map<string, number>();
  /** What the next requests meet. */
  faults: Fault[] = [];
  requests = 0;
  private clock = Date.parse("2026-01-01T00:00:00Z");

  private now(): string {
    this.clock += 1000;
    return new Date(this.clock).toISOString();
  }

  private store(task: Task, event: Event["type"] = "task"): Task {
    if (event === "deleted") {
      this.tasks.delete(task.id);
      this.deleted.set(task.id, task);
    } else this.tasks.set(task.id, task);
    this.events.push({ type: event, task });
    return task;
  }

  /** Changes a task as the update statement of the storage does: not at all where nothing differs. */
  private patch(id: string, given: TaskPatchInput, change?: Change): Task {
    const patch = stored(given);
    const task = this.tasks.get(id);
    if (!task) throw new ApiProblem(404, "Not found");
    if (change && change.base !== task.version) throw new ApiProblem(412, "The task has another version");
    if (patch.title === "refused") throw new ApiProblem(422, "Invalid value", [{ field: "title", message: "must be another" }]);
    if (fieldsOf(patch).every((field) => sameValue(field, task[field], patch[field]))) return task;
    if (change) this.count(change);
    const next = { ...task, ...patch, version: task.version + 1, updated_at: this.now() } as Task;
    if (patch.status) next.completed_at = patch.status === "completed" ? next.updated_at : null;
    return this.store(next);
  }

  private count(change: Change): void {
    this.effects.set(change.id, (this.effects.get(change.id) ?? 0) + 1);
  }

  /** Another device's work; it does not fail. */
  readonly elsewhere = {
    create: (id: string, patch: TaskPatchInput): Task =>
      this.store({ ...drafted({ taskId: id, patch, madeAt: this.now() } as Change, USER), version: 1 }),
    update: (id: string, patch: TaskPatchInput): void => void (this.tasks.has(id) && this.patch(id, patch)),
    delete: (id: string): void => this.remove(id),
  };

  /** A reminder is due. */
  remind(id: string): void {
    const at = this.now();
    this.notifications.unshift({ id, task_id: id, title: id, body: "", due_at: null, remind_at: at, created_at: at, read_at: null, late: false, deliveries: [] });
  }

  /** The notifications that are not read, newest first. */
  unread(): string[] {
    return this.notifications.filter(({ read_at }) => !read_at).map(({ id }) => id);
  }

  private remove(id: string): void {
    const task = this.tasks.get(id);
    if (task) this.store({ ...task, version: task.version + 1 }, "deleted");
  }

  private async call<T>(work: () => T): Promise<T> {
    this.requests += 1;
    const fault = this.faults.shift() ?? "none";
    await Promise.resolve();
    if (fault === "request lost") throw new ApiProblem(0, "The server cannot be reached");
    if (fault === "unavailable") throw new ApiProblem(503, "Something is unavailable");
    if (fault === "busy") throw new ApiProblem(429, "Rate limit exceeded", [], 1000);
    const result = work();
    await Promise.resolve();
    if (fault === "answer lost") throw new ApiProblem(0, "The server cannot be reached");
    return result;
  }

  readonly server: Server = {
    create: (change) =>
      this.call(() => {
        const known = this.tasks.get(change.taskId);
        if (known) return known;
        if (this.deleted.has(change.taskId)) throw new ApiProblem(409, "The task that this Idempotency-Key made was deleted");
        if (change.patch.title === "refused") throw new ApiProblem(422, "Invalid value");
        this.count(change);
        return this.store({ ...drafted(change, USER), created_at: this.now(), version: 1 });
      }),
    update: (change) => this.call(() => this.patch(change.taskId, change.patch, change)),
    skip: (change) =>
      this.call(() => {
        const task = this.tasks.get(change.taskId);
        if (task && task.version === change.base && !task.due_date) throw new ApiProblem(409, "The task does not recur");
        const due = new Date(Date.parse(task?.due_date ?? "") + DAY);
        return this.patch(change.taskId, { due_date: Number.isNaN(due.getTime()) ? null : due.toISOString() }, change);
      }),
    delete: (change) =>
      this.call(() => {
        if (!this.tasks.has(change.taskId)) throw new ApiProblem(404, "Not found");
        this.count(change);
        this.remove(change.taskId);
      }),
    markRead: ({ taskId, until }) =>
      this.call(() => {
        if (!until && !this.notifications.some(({ id }) => id === taskId)) throw new ApiProblem(404, "Not found");
        const isMeant = (each: Notification) => (until ? each.created_at <= until : each.id === taskId);
        this.notifications = this.notifications.map((each) => (isMeant(each) ? { ...each, read_at: each.read_at ?? this.now() } : each));
      }),
    read: (id) =>
      this.call(() => {
        const task = this.tasks.get(id);
        if (!task) throw new ApiProblem(404, "Not found");
        return task;
      }),
  };

  /** A task's values in all fields that a person can change. */
  static values(task: Task): TaskPatchInput {
    return valuesOf(task, ["title", "description", "due_date", "priority", "status", "tags", "reminders", "recurrence_pattern"]);
  }
}
