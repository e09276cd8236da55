/**
 * This device's changes and the server's tasks brought together. Everything here is pure: lists and tasks go in, new ones
 * come out.
 */
import type { Change, Field, Task, TaskInput, TaskPatchInput } from "./types";

const LISTS: ReadonlySet<string> = new Set(["tags", "reminders"]);
const DEFAULTS: Partial<Record<Field, unknown>> = { recurrence_from: "due_date", priority: "medium", status: "pending" };

/** Whether the API means the same by two values of a field. */
export function sameValue(field: Field, a: unknown, b: unknown): boolean {
  if (LISTS.has(field)) {
    const [left, right] = [(a ?? []) as string[], (b ?? []) as string[]];
    return left.length === right.length && left.every((item, index) => item === right[index]);
  }
  const [left, right] = [a ?? DEFAULTS[field] ?? null, b ?? DEFAULTS[field] ?? null];
  if (field === "due_date" && left !== null && right !== null) return Date.parse(left as string) === Date.parse(right as string);
  return left === right;
}

/** The values as the server keeps them, so that what comes back compares equal. */
export function normalised<P extends TaskPatchInput>(patch: P): P {
  const values = { ...patch };
  for (const field of Object.keys(values) as Field[]) if (values[field] === undefined) delete values[field];
  if (values.title !== undefined) values.title = values.title.trim();
  if (values.tags) values.tags = [...new Set(values.tags.map((tag) => tag.trim().toLowerCase()))];
  const due = values.due_date ? Date.parse(values.due_date) : NaN;
  if (!Number.isNaN(due)) values.due_date = new Date(Math.floor(due / 1000) * 1000).toISOString().replace(".000Z", "Z");
  return values;
}

export const fieldsOf = (patch: TaskPatchInput): Field[] => Object.keys(patch) as Field[];

/** The values that a task has in these fields. */
export function valuesOf(task: Task, fields: Field[]): TaskPatchInput {
  return Object.fromEntries(fields.map((field) => [field, task[field] ?? null]));
}

/** A patch with some of its fields. */
export function only(patch: TaskPatchInput, fields: Field[]): TaskPatchInput {
  return Object.fromEntries(fields.filter((field) => field in patch).map((field) => [field, patch[field]]));
}

function without(patch: TaskPatchInput, fields: Field[]): TaskPatchInput {
  return only(
    patch,
    fieldsOf(patch).filter((field) => !fields.includes(field)),
  );
}

/** A task with new values, as the server would make it. */
export function patched(task: Task, patch: TaskPatchInput, at: string): Task {
  const next = { ...task, ...patch, tags: patch.tags === undefined ? task.tags : (patch.tags ?? []) } as Task;
  if (patch.reminders !== undefined) next.reminders = patch.reminders ?? [];
  if (patch.status !== undefined) next.completed_at = patch.status === "completed" ? (task.completed_at ?? at) : null;
  return next;
}

/** The task that a `create` will have made. `version` 0: the server has not. */
export function drafted(change: Change, userId: string): Task {
  const { title = "", description, due_date, priority, recurrence_from, recurrence_pattern, reminders, tags } = change.patch;
  return {
    id: change.taskId,
    user_id: userId,
    title,
    description: description ?? null,
    due_date: due_date ?? null,
    priority: priority ?? "medium",
    recurrence_from: recurrence_from ?? "due_date",
    recurrence_pattern: recurrence_pattern ?? null,
    reminders: reminders ?? [],
    tags: tags ?? [],
    status: "pending",
    completed_at: null,
    created_at: change.madeAt,
    updated_at: change.madeAt,
    version: 0,
  };
}

/** What the person sees of one task: what the server has with the changes in their order. */
export function overlaid(task: Task | undefined, changes: readonly Change[], userId: string): Task | undefined {
  let seen = task;
  for (const change of changes) {
    if (change.state === "refused") continue;
    if (change.kind === "create") seen ??= drafted(change, userId);
    else if (change.kind === "delete") seen = undefined;
    else if (change.kind === "update" && seen) seen = patched(seen, change.patch, change.madeAt);
  }
  return seen;
}

/** The changes of each task, in their order. */
export function byTask(changes: readonly Change[]): Map<string, Change[]> {
  const groups = new Map<string, Change[]>();
  for (const change of changes) {
    const group = groups.get(change.taskId);
    if (group) group.push(change);
    else groups.set(change.taskId, [change]);
  }
  return groups;
}

const isSameTask = (a: Task, b: Task): boolean =>
  Object.keys(a).length === Object.keys(b).length &&
  (Object.keys(a) as (keyof Task)[]).every((key) => a[key] === b[key] || (LISTS.has(key) && sameValue(key as Field, a[key], b[key])));

/** Everything the person sees. A task that is as it was `shown` stays the same object. */
export function overlay(
  tasks: ReadonlyMap<string, Task>,
  changes: readonly Change[],
  userId: string,
  shown: ReadonlyMap<string, Task>,
): ReadonlyMap<string, Task> {
  const view = new Map(tasks);
  for (const [id, group] of byTask(changes)) {
    const task = overlaid(tasks.get(id), group, userId);
    const last = shown.get(id);
    if (task) view.set(id, last && isSameTask(last, task) ? last : task);
    else view.delete(id);
  }
  return view;
}

const isSameFields = (a: TaskPatchInput, b: TaskPatchInput): boolean =>
  fieldsOf(a).length === fieldsOf(b).length && fieldsOf(a).every((field) => field in b);

/** The list with more changes, each brought together with those of its task (see `joined`). */
export function appended(changes: readonly Change[], made: readonly Change[]): Change[] {
  const groups = byTask(changes);
  for (const change of made) groups.set(change.taskId, joined(groups.get(change.taskId) ?? [], change));
  const left = new Map([...groups.values()].flat().map((change) => [change.id, change]));
  let seq = changes.reduce((last, change) => Math.max(last, change.seq), 0);
  return [...changes, ...made]
    .flatMap(({ id }) => left.get(id) ?? [])
    .map((change) => (change.seq === 0 ? { ...change, seq: (seq += 1) } : change));
}

/**
 * The changes of a task with one more. A field that waits in a conflict takes the new value there; the value of a change of
 * the same fields that was not sent yet is replaced; and a task that the server never heard of goes without a trace.
 */
function joined(changes: readonly Change[], change: Change): Change[] {
  const mine = changes.filter((each) => each.state !== "refused");
  if (change.kind === "delete" && mine.some((each) => each.kind === "create" && !each.sent)) return [];
  let [list, added] = [[...changes], change];
  if (change.kind === "update") {
    for (const conflict of mine.filter((each) => each.state === "conflict" && each.kind === "update" && !each.task)) {
      const [field] = fieldsOf(conflict.patch);
      if (!field || !(field in added.patch)) continue;
      list = replaced(list, { ...conflict, patch: only(added.patch, [field]) });
      added = { ...added, patch: without(added.patch, [field]), before: without(added.before, [field]) };
    }
    if (fieldsOf(added.patch).length === 0) return list;
    const last = mine.at(-1);
    if (last && last.kind === "update" && last.state === "queued" && !last.sent && isSameFields(last.patch, added.patch)) {
      return replaced(list, { ...last, patch: added.patch, madeAt: added.madeAt });
    }
  }
  return [...list, added];
}

export const replaced = (changes: readonly Change[], change: Change): Change[] =>
  changes.map((each) => (each.id === change.id ? change : each));

export const dropped = (changes: readonly Change[], id: string): Change[] => changes.filter((each) => each.id !== id);

/** The first change that may be sent: what waits for the person holds up its own field or, where the task is gone, its task. */
export function nextToSend(changes: readonly Change[], isOurs: (change: Change) => boolean = () => true): Change | undefined {
  const held = new Set<string>();
  for (const change of changes) {
    if (change.state === "conflict" && (change.kind !== "update" || change.task)) held.add(change.taskId);
    if (change.state !== "queued" || held.has(change.taskId)) continue;
    if (isOurs(change)) return change;
    held.add(change.taskId);
  }
  return undefined;
}

/** How a queued change stands to the task as the server has it now. */
export type Standing = { kind: "send"; change: Change } | { kind: "done" } | { kind: "split"; changes: Change[] };

/**
 * Three-way comparison, field by field: what the person saw, what the person wants, what the server has. What the server
 * changed in other fields is no conflict. A value that went back to what the person saw, after an attempt whose answer was
 * lost, may be one that took effect and was taken back elsewhere: that is the person's to decide, too.
 */
export function standing(change: Change, current: Task): Standing {
  if (change.kind === "delete" || change.kind === "create") return { kind: "send", change };
  if (change.kind === "skip") {
    const isWhereItWas = sameValue("due_date", current.due_date, change.before.due_date);
    return isWhereItWas ? { kind: "send", change: { ...change, base: current.version } } : { kind: "done" };
  }
  const mayHaveWorked = change.sent && current.version > change.base + 1;
  const [send, conflicts]: [Field[], Field[]] = [[], []];
  for (const field of fieldsOf(change.patch)) {
    if (sameValue(field, current[field], change.patch[field])) continue;
    if (sameValue(field, current[field], change.before[field]) && !mayHaveWorked) send.push(field);
    else conflicts.push(field);
  }
  if (send.length === 0 && conflicts.length === 0) return { kind: "done" };
  const rebased: Change = {
    ...change,
    patch: only(change.patch, send),
    before: only(change.before, send),
    base: current.version,
    sent: false,
  };
  if (conflicts.length === 0) return { kind: "send", change: rebased };
  const waiting = conflicts.map((field, index): Change => ({
    ...change,
    id: send.length === 0 && index === 0 ? change.id : `${change.id}.${field}`,
    patch: only(change.patch, [field]),
    before: valuesOf(current, [field]),
    base: current.version,
    state: "conflict",
    sent: false,
  }));
  return { kind: "split", changes: send.length > 0 ? [rebased, ...waiting] : waiting };
}

/** The list after a change turned into others (see `standing`); later values of a field in conflict go into the conflict. */
export function split(changes: readonly Change[], id: string, parts: readonly Change[]): Change[] {
  let later = false;
  let waiting = parts.filter((part) => part.state === "conflict");
  const [kept, rest]: [Change[], Change[]] = [[], []];
  for (const change of changes) {
    if (change.id === id) {
      later = true;
      continue;
    }
    if (!later || change.taskId !== parts[0]?.taskId || change.kind !== "update" || change.state !== "queued") {
      (later ? rest : kept).push(change);
      continue;
    }
    waiting = waiting.map((part) => {
      const taken = only(change.patch, fieldsOf(part.patch));
      return fieldsOf(taken).length > 0 ? { ...part, patch: taken } : part;
    });
    const fields = waiting.flatMap((part) => fieldsOf(part.patch));
    const left = without(change.patch, fields);
    if (fieldsOf(left).length > 0) rest.push({ ...change, patch: left, before: without(change.before, fields) });
  }
  const all = [...kept, ...parts.filter((part) => part.state !== "conflict"), ...waiting];
  const numbered = all.map((change, index) => (parts.some((part) => part.id === change.id) ? { ...change, seq: seqOf(changes, id) + (index - kept.length) / 1000 } : change));
  return [...numbered, ...rest];
}

const seqOf = (changes: readonly Change[], id: string): number => changes.find((each) => each.id === id)?.seq ?? 0;

/**
 * The list after the server acknowledged a change with the task as it made it: what the person did after it was based on
 * it, and saw its values.
 */
export function acknowledged(changes: readonly Change[], id: string, task: Task | undefined): Change[] {
  const change = changes.find((each) => each.id === id);
  if (!change) return [...changes];
  const rest = dropped(changes, id);
  if (change.kind === "delete") return rest.filter((each) => each.taskId !== change.taskId || each.state === "refused");
  if (!task) return rest;
  const base = change.kind === "create" ? 1 : change.base + 1;
  return rest.map((each) => {
    if (each.taskId !== change.taskId || each.state !== "queued" || each.base > base) return each;
    const seen = fieldsOf(each.before).filter(
      (field) => field in change.patch && sameValue(field, each.before[field], change.patch[field]),
    );
    return { ...each, base, before: { ...each.before, ...valuesOf(task, seen) } };
  });
}

/**
 * The list after the server showed the version that comes after the one that a change was based on, whose own answer was
 * lost: that is either what the change made, or the proof that it had no effect and never will.
 */
export function sighted(changes: readonly Change[], task: Task): Change[] {
  const mine = changes.filter(
    (each) => each.taskId === task.id && each.state === "queued" && each.sent && each.base > 0 && each.base + 1 === task.version,
  );
  return mine.reduce<Change[]>(
    (list, change) =>
      change.kind !== "delete" && standing(change, task).kind === "done"
        ? acknowledged(list, change.id, task)
        : replaced(list, { ...change, sent: false }),
    [...changes],
  );
}

/** The list after the server refused a change for good. What builds on a task that was never made is refused with it. */
export function refused(changes: readonly Change[], id: string, task: Task | undefined, reason: string, errors: Change["errors"] = []): Change[] {
  const change = changes.find((each) => each.id === id);
  if (!change) return [...changes];
  const marked: Change = { ...change, state: "refused", task, reason, errors, sent: false };
  if (change.kind === "create") return replaced(changes.filter((each) => each.id === id || each.taskId !== change.taskId), marked);
  return replaced(changes, marked).map((each) => {
    if (each.taskId !== change.taskId || each.state !== "queued") return each;
    const back = fieldsOf(each.before).filter(
      (field) => field in change.patch && sameValue(field, each.before[field], change.patch[field]),
    );
    return { ...each, before: { ...each.before, ...only(change.before, back) } };
  });
}

/**
 * The list after a task turned out to be deleted elsewhere: what the person wrote in it waits for the person, who may have
 * the task back; to complete, skip or delete it is not needed any more.
 */
export function orphaned(changes: readonly Change[], taskId: string, last: Task | undefined): Change[] {
  const mine = changes.filter((each) => each.taskId === taskId && each.state !== "refused");
  if (mine.some((each) => each.kind === "create" && each.state === "queued" && !each.sent)) return [...changes];
  const rest = changes.filter((each) => !mine.includes(each));
  const wanted = mine.filter((each) => each.kind === "update");
  const isWanted = wanted.some((each) => fieldsOf(each.patch).some((field) => field !== "status" || each.patch.status !== "completed"));
  const [first] = wanted;
  if (!first || !last || !isWanted || mine.some((each) => each.kind === "delete")) return rest;
  const patch = Object.assign({}, ...wanted.map((each) => each.patch)) as TaskPatchInput;
  const waiting: Change = { ...first, patch, before: {}, state: "conflict", sent: false, task: last };
  return [...rest, waiting].sort((a, b) => a.seq - b.seq);
}

/** What makes a task like this one. Its status is not part of it. */
export function inputOf(task: Task): TaskInput {
  const { title, description, due_date, priority, recurrence_from, recurrence_pattern, reminders, tags } = task;
  return { title, description, due_date, priority, recurrence_from, recurrence_pattern, reminders, tags };
}

/** Whether what came from the server is newer than what is known. */
export function isNews(known: Task | undefined, gone: number | undefined, task: Task): boolean {
  return task.version > (known?.version ?? 0) && task.version > (gone ?? 0);
}
