/** The person's tasks: reading them, changing them, and what became of the changes. */
import { useMemo } from "react";
import { fieldsOf, inputOf, normalised, overlaid, sameValue, valuesOf } from "./changes";
import { createdTaskId, newId } from "./ids";
import { running, useData } from "./state";
import { tabId } from "./tabs";
import type { Change, Conflict, Field, Refused, Task, TaskInput, TaskPatchInput } from "./types";

export type { Conflict, Field, Refused, Task, TaskInput, TaskPatchInput } from "./types";

/** All tasks with this device's unsent changes on top, the newest first; the same array while nothing changed. */
export const useTasks = (): Task[] => useData((data) => data.list);

export const useTask = (id: string | null | undefined): Task | undefined => useData((data) => (id ? data.view.get(id) : undefined));

/** Whether a task has changes that the server has not acknowledged. */
export const usePending = (id: string): boolean => useData((data) => data.changes.some((change) => change.taskId === id && change.state === "queued"));

/** What an action did, to take it back. */
interface Done {
  id: string;
  taskId: string;
  kind: Change["kind"];
  patch: TaskPatchInput;
  before: TaskPatchInput;
  task: Task | undefined;
}

const UNDOABLE = 100;
let done: Done[] = [];

function make(kind: Change["kind"], taskId: string, patch: TaskPatchInput, before: TaskPatchInput, id = newId()): string {
  const active = running();
  if (!active) throw new Error("Nobody is signed in");
  const { replica, outbox } = active;
  const task = replica.state.view.get(taskId);
  const change: Change = {
    id,
    seq: 0,
    taskId,
    kind,
    patch,
    before,
    base: replica.state.tasks.get(taskId)?.version ?? 0,
    madeAt: new Date().toISOString(),
    state: "queued",
    sent: false,
    tab: tabId,
  };
  done = [...done.slice(1 - UNDOABLE), { id, taskId, kind, patch, before, task }];
  void replica.make(change).then(() => outbox.kick());
  return id;
}

/** Creates a task and gives its id, which is the one that it keeps. `undo` takes it, too. */
export function createTask(input: TaskInput): string {
  const id = newId();
  const active = running();
  if (!active) throw new Error("Nobody is signed in");
  const taskId = createdTaskId(active.replica.userId, id);
  make("create", taskId, normalised(input as TaskPatchInput), {}, id);
  return taskId;
}

/** Changes fields of a task; gives the id of the change, or null where nothing differs. */
export function updateTask(id: string, patch: TaskPatchInput): string | null {
  const task = running()?.replica.state.view.get(id);
  if (!task) return null;
  const values = normalised(patch);
  const fields = fieldsOf(values).filter((field) => !sameValue(field, task[field], values[field]));
  if (fields.length === 0) return null;
  const differing = Object.fromEntries(fields.map((field) => [field, values[field]]));
  return make("update", id, differing, valuesOf(task, fields));
}

export const completeTask = (id: string): string | null => updateTask(id, { status: "completed" });

export const reopenTask = (id: string): string | null => updateTask(id, { status: "pending" });

/** Skips this occurrence of a recurring task; the server says when the next one is due. */
export function skipTask(id: string): string | null {
  const task = running()?.replica.state.view.get(id);
  return task ? make("skip", id, {}, valuesOf(task, ["due_date", "recurrence_pattern"])) : null;
}

export function deleteTask(id: string): string | null {
  return running()?.replica.state.view.has(id) ? make("delete", id, {}, {}) : null;
}

/** Does the inverse of a change, given its id (or that of the task that it created), as far as that still makes sense. */
export function undo(id: string): boolean {
  const what = done.find((each) => each.id === id || (each.kind === "create" && each.taskId === id));
  const active = running();
  if (!what || !active) return false;
  const now = active.replica.state.view.get(what.taskId);
  done = done.filter((each) => each !== what);
  if (what.kind === "create") return now !== undefined && deleteTask(what.taskId) !== null;
  if (what.kind === "delete") return what.task !== undefined && now === undefined && restore(what.task) !== null;
  if (!now) return false;
  if (what.kind === "skip") return updateTask(what.taskId, what.before) !== null;
  const fields = fieldsOf(what.patch).filter((field) => sameValue(field, now[field], what.patch[field]));
  return updateTask(what.taskId, Object.fromEntries(fields.map((field) => [field, what.before[field]]))) !== null;
}

/** Takes back the last action that can be. */
export function undoLast(): boolean {
  const last = done.at(-1);
  return last ? undo(last.id) : false;
}

/** Makes a task like one that is gone. */
function restore(task: Task): string {
  const id = createTask(inputOf(task));
  if (task.status !== "pending") updateTask(id, { status: task.status });
  return id;
}

const conflictsOf = (changes: readonly Change[], tasks: ReadonlyMap<string, Task>, view: ReadonlyMap<string, Task>): Conflict[] =>
  changes.flatMap((change): Conflict[] => {
    if (change.state !== "conflict") return [];
    const at = change.madeAt;
    if (change.task) return [{ id: change.id, task: change.task, field: null, mine: overlaid(change.task, [change], ""), theirs: null, at }];
    const [field] = fieldsOf(change.patch) as [Field];
    const task = view.get(change.taskId);
    return task ? [{ id: change.id, task, field, mine: change.patch[field], theirs: tasks.get(change.taskId)?.[field], at }] : [];
  });

/** What was changed here and elsewhere, and waits for the person. */
export function useConflicts(): Conflict[] {
  const { changes, tasks, view } = useData();
  return useMemo(() => conflictsOf(changes, tasks, view), [changes, tasks, view]);
}

/** Ends a conflict: with what was written here, or with what the server has. */
export function resolveConflict(id: string, choice: "mine" | "theirs"): void {
  const active = running();
  const change = active?.replica.state.changes.find((each) => each.id === id);
  if (!active || change?.state !== "conflict") return;
  const { replica, outbox } = active;
  const theirs = replica.state.tasks.get(change.taskId);
  void replica
    .edit((changes) =>
      changes.flatMap((each) => {
        if (each.id !== id) return [each];
        if (choice === "theirs" || change.task || !theirs) return [];
        return [{ ...each, id: newId(), state: "queued" as const, base: theirs.version, before: valuesOf(theirs, fieldsOf(each.patch)) }];
      }),
    )
    .then(() => outbox.kick());
  const mine = change.task && overlaid(change.task, [change], "");
  if (choice === "mine" && mine) restore(mine);
}

/** Changes that the server does not take, with its reason. */
export function useRefused(): Refused[] {
  const changes = useData((data) => data.changes);
  return useMemo(
    () =>
      changes
        .filter((change) => change.state === "refused")
        .map(({ id, taskId, task, kind, patch, reason = "", errors = [], madeAt }) => ({ id, taskId, task, kind, patch, reason, errors, at: madeAt })),
    [changes],
  );
}

/** Forgets a refused change. */
export function dismiss(id: string): void {
  void running()?.replica.edit((changes) => changes.filter((each) => each.id !== id || each.state !== "refused"));
}
