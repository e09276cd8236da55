/** The person's tasks: reading them, changing them, and what became of the changes. */
import { useMemo } from "react";
import { fieldsOf, inputOf, normalised, only, overlaid, sameValue, valuesOf } from "./changes";
import { createdTaskId, newId } from "./ids";
import type { Replica } from "./replica";
import { type Running, running, useData } from "./state";
import { tabId } from "./tabs";
import type { Change, Conflict, Field, Refused, Task, TaskInput, TaskPatchInput } from "./types";

export type { Conflict, Field, Refused, Task, TaskInput, TaskPatchInput } from "./types";

/** All tasks with this device's unsent changes on top, the newest first; the same array while nothing changed. */
export const useTasks = (): Task[] => useData((data) => data.list);

export const useTask = (id: string | null | undefined): Task | undefined => useData((data) => (id ? data.view.get(id) : undefined));

/** Whether a task has changes that the server has not acknowledged. */
export const usePending = (id: string): boolean => useData((data) => data.queued.has(id));

/** A change that was made, and the task before it. */
interface Done {
  change: Change;
  task: Task | undefined;
}

/** What the person did at once, and takes back at once. */
interface Action {
  /** That of its first change. */
  id: string;
  done: Done[];
}

const UNDOABLE = 100;
/** What can be taken back, the last action last. It goes with the session: nobody takes back what another person did. */
const actions = new WeakMap<Replica, Action[]>();

interface Doing {
  active: Running;
  done: Done[];
  tasks: Map<string, Task | undefined>;
}

/** The action that is being done, with the tasks as it left them so far. */
let doing: Doing | null = null;

/** A task as the person sees it. */
function seen(id: string): Task | undefined {
  return doing?.tasks.has(id) ? doing.tasks.get(id) : running()?.replica.state.view.get(id);
}

/** Does changes as one: all are stored and shown at once, or none where `act` throws or nobody is signed in. */
function perform(act: () => void): Action | null {
  if (doing) {
    const before = doing.done.length;
    act();
    return actionOf(doing.done.slice(before));
  }
  const active = running();
  if (!active) return null;
  const { done } = (doing = { active, done: [], tasks: new Map() });
  try {
    act();
  } finally {
    doing = null;
  }
  if (done.length > 0) void active.replica.make(done.map(({ change }) => change)).then(() => active.outbox.kick());
  return actionOf(done);
}

const actionOf = (done: Done[]): Action | null => (done[0] ? { id: done[0].change.id, done } : null);

/**
 * Makes all changes of `act`, which does not wait for anything, one action. Gives the id that takes them back with `undo`,
 * or null where nothing was changed.
 */
export function together(act: () => void): string | null {
  const isPart = doing !== null;
  const action = perform(act);
  const replica = running()?.replica;
  if (action && replica && !isPart) actions.set(replica, [...(actions.get(replica) ?? []).slice(1 - UNDOABLE), action]);
  return action?.id ?? null;
}

function make(kind: Change["kind"], taskId: string, patch: TaskPatchInput, before: TaskPatchInput, id = newId()): string {
  if (!doing) {
    together(() => make(kind, taskId, patch, before, id));
    return id;
  }
  const { replica } = doing.active;
  const task = seen(taskId);
  const version = replica.state.tasks.get(taskId)?.version ?? 0;
  const isLate = task && fieldsOf(before).some((field) => !sameValue(field, task[field], before[field]));
  const change: Change = {
    id,
    seq: 0,
    taskId,
    kind,
    patch,
    before,
    // What the person saw is not there any more: before it is sent it is compared with what is (`standing`).
    base: isLate ? Math.max(version - 1, 0) : version,
    madeAt: new Date().toISOString(),
    state: "queued",
    sent: false,
    tab: tabId,
  };
  doing.done.push({ change, task });
  doing.tasks.set(taskId, overlaid(task, [change], replica.userId));
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

/**
 * Changes fields of a task; gives the id of the change, or null where nothing differs. Where the person took a while, `saw`
 * has the values from which they began: what another device made of them meanwhile is not overwritten, but a conflict.
 */
export function updateTask(id: string, patch: TaskPatchInput, saw: TaskPatchInput = {}): string | null {
  const task = seen(id);
  if (!task) return null;
  const values = normalised(patch);
  const before = { ...valuesOf(task, fieldsOf(values)), ...saw };
  const fields = fieldsOf(values).filter((field) => [before, task].every((known) => !sameValue(field, known[field], values[field])));
  if (fields.length === 0) return null;
  return make("update", id, only(values, fields), only(before, fields));
}

export const completeTask = (id: string): string | null => updateTask(id, { status: "completed" });

export const reopenTask = (id: string): string | null => updateTask(id, { status: "pending" });

/** Skips this occurrence of a recurring task; the server says when the next one is due. */
export function skipTask(id: string): string | null {
  const task = seen(id);
  return task ? make("skip", id, {}, valuesOf(task, ["due_date", "recurrence_pattern"])) : null;
}

export function deleteTask(id: string): string | null {
  return seen(id) ? make("delete", id, {}, {}) : null;
}

/**
 * Takes an action back, as far as that still makes sense, given its id or that of a task that it created. To take back is
 * no action itself: the next `undoLast` takes back the one before.
 */
export function undo(id: string): boolean {
  const replica = running()?.replica;
  const all = (replica && actions.get(replica)) ?? [];
  const action = all.find((each) => each.id === id || each.done.some(({ change }) => change.kind === "create" && change.taskId === id));
  if (!replica || !action) return false;
  actions.set(replica, all.filter((each) => each !== action));
  return perform(() => action.done.toReversed().forEach(takeBack)) !== null;
}

/** Does the inverse of a change. */
function takeBack({ change, task }: Done): void {
  const { taskId, kind, patch, before } = change;
  const now = seen(taskId);
  if (kind === "create") deleteTask(taskId);
  else if (kind === "delete" && task && !now) restore(task);
  else if (kind === "skip") updateTask(taskId, before);
  else if (now && task) {
    const fields = fieldsOf(patch).filter((field) => sameValue(field, now[field], patch[field]));
    updateTask(taskId, valuesOf(task, fields));
  }
}

/** Takes back the last action. */
export function undoLast(): boolean {
  const replica = running()?.replica;
  const last = replica && actions.get(replica)?.at(-1);
  return last ? undo(last.id) : false;
}

/** Makes a task like one that is gone. */
function restore(task: Task): void {
  together(() => {
    const id = createTask(inputOf(task));
    if (task.status !== "pending") updateTask(id, { status: task.status });
  });
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
