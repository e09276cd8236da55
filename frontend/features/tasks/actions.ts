/** What one does with one task or many at once; each says so with a way back for all of them. */
import { movedTo } from "@/features/editors/due";
import { type Day, dayInWords } from "@/features/time/zone";
import { completeTask, deleteTask, reopenTask, skipTask, type Task, type TaskPatchInput, together, undo, updateTask } from "@/sync/tasks";
import { notify } from "@/ui/notify";
import { isOver, PRIORITY_NAMES, type Priority, type Status, STATUS_NAMES } from "./marks";

/** Does something with each as one action, which gives null for a task where there is nothing to do. */
function each(tasks: readonly Task[], act: (task: Task) => string | null): { tasks: readonly Task[]; action: string | null; count: number } {
  let count = 0;
  const action = together(() => {
    count = tasks.filter((task) => act(task) !== null).length;
  });
  return { tasks, action, count };
}

/** Says it of several only: of one, the row shows it. */
function didMany(title: string, what: ReturnType<typeof each>): void {
  if (what.tasks.length > 1) did(title, what);
}

/** `title` says what became of the tasks: "Done", and of several "3 tasks: done". */
function did(title: string, { tasks, action, count }: ReturnType<typeof each>): void {
  if (action === null) return;
  const many = `${count} tasks: ${title.charAt(0).toLowerCase()}${title.slice(1)}`;
  const description = tasks.length === 1 ? tasks[0]?.title : undefined;
  void notify(count === 1 ? title : many, { description, undo: () => undo(action) });
}

export function complete(tasks: readonly Task[]): void {
  did("Done", each(tasks, (task) => (task.status === "completed" ? null : completeTask(task.id))));
}

export function reopen(tasks: readonly Task[]): void {
  did("Reopened", each(tasks, (task) => (isOver(task) ? reopenTask(task.id) : null)));
}

/** Completes them; where all are done, reopens them. */
export function toggle(tasks: readonly Task[]): void {
  if (tasks.every((task) => task.status === "completed")) reopen(tasks);
  else complete(tasks);
}

export function setStatus(tasks: readonly Task[], status: Status): void {
  didMany(STATUS_NAMES[status], change(tasks, () => ({ status })));
}

export function setPriority(tasks: readonly Task[], priority: Priority): void {
  didMany(`${PRIORITY_NAMES[priority]} priority`, change(tasks, () => ({ priority })));
}

/** Makes them due on a day, each at its time of day; null: without a date. */
export function setDueDay(tasks: readonly Task[], day: Day | null, zone: string, today: Day): void {
  const title = day === null ? "No due date" : `Due ${dayInWords(day, today).replace(/^(Today|Tomorrow|Yesterday)/, (word) => word.toLowerCase())}`;
  did(title, change(tasks, (task) => ({ due_date: day === null ? null : movedTo(task.due_date, day, zone) })));
}

export function addTag(tasks: readonly Task[], tag: string): void {
  did(`Tagged #${tag}`, change(tasks, (task) => (task.tags.includes(tag) ? {} : { tags: [...task.tags, tag] })));
}

export function removeTag(tasks: readonly Task[], tag: string): void {
  did(`No longer #${tag}`, change(tasks, (task) => (task.tags.includes(tag) ? { tags: task.tags.filter((other) => other !== tag) } : {})));
}

export function skip(task: Task): void {
  did("Skipped this occurrence", each([task], () => skipTask(task.id)));
}

export function remove(tasks: readonly Task[]): void {
  did("Deleted", each(tasks, (task) => deleteTask(task.id)));
}

const change = (tasks: readonly Task[], patch: (task: Task) => TaskPatchInput) => each(tasks, (task) => updateTask(task.id, patch(task)));
