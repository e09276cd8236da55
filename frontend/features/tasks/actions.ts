/** What one does with one task or many at once; each says so with a way back for all of them. */
import { movedTo } from "@/features/editors/due";
import { type Day, dayInWords } from "@/features/time/zone";
import { completeTask, deleteTask, reopenTask, skipTask, type Task, type TaskPatchInput, undo, updateTask } from "@/sync/tasks";
import { notify } from "@/ui/notify";
import { isOver, PRIORITY_NAMES, type Priority, type Status, STATUS_NAMES } from "./marks";

/** Says it of several only: of one, the row shows it. */
function didMany(title: string, tasks: readonly Task[], changes: (string | null)[]): void {
  if (tasks.length > 1) did(title, tasks, changes);
}

/** `title` says what became of the tasks: "Done", and of several "3 tasks: done". */
function did(title: string, tasks: readonly Task[], changes: (string | null)[]): void {
  const made = changes.filter((change) => change !== null);
  if (made.length === 0) return;
  const many = `${made.length} tasks: ${title.charAt(0).toLowerCase()}${title.slice(1)}`;
  const description = tasks.length === 1 ? tasks[0]?.title : undefined;
  void notify(made.length === 1 ? title : many, { description, undo: () => made.toReversed().forEach((change) => undo(change)) });
}

export function complete(tasks: readonly Task[]): void {
  did("Done", tasks, tasks.filter((task) => task.status !== "completed").map((task) => completeTask(task.id)));
}

export function reopen(tasks: readonly Task[]): void {
  did("Reopened", tasks, tasks.filter(isOver).map((task) => reopenTask(task.id)));
}

/** Completes them; where all are done, reopens them. */
export function toggle(tasks: readonly Task[]): void {
  if (tasks.every((task) => task.status === "completed")) reopen(tasks);
  else complete(tasks);
}

export function setStatus(tasks: readonly Task[], status: Status): void {
  didMany(STATUS_NAMES[status], tasks, change(tasks, () => ({ status })));
}

export function setPriority(tasks: readonly Task[], priority: Priority): void {
  didMany(`${PRIORITY_NAMES[priority]} priority`, tasks, change(tasks, () => ({ priority })));
}

/** Makes them due on a day, each at its time of day; null: without a date. */
export function setDueDay(tasks: readonly Task[], day: Day | null, zone: string, today: Day): void {
  const title = day === null ? "No due date" : `Due ${dayInWords(day, today).replace(/^(Today|Tomorrow|Yesterday)/, (word) => word.toLowerCase())}`;
  did(title, tasks, change(tasks, (task) => ({ due_date: day === null ? null : movedTo(task.due_date, day, zone) })));
}

export function addTag(tasks: readonly Task[], tag: string): void {
  did(`Tagged #${tag}`, tasks, change(tasks, (task) => (task.tags.includes(tag) ? {} : { tags: [...task.tags, tag] })));
}

export function removeTag(tasks: readonly Task[], tag: string): void {
  did(`No longer #${tag}`, tasks, change(tasks, (task) => (task.tags.includes(tag) ? { tags: task.tags.filter((each) => each !== tag) } : {})));
}

export function skip(task: Task): void {
  did("Skipped this occurrence", [task], [skipTask(task.id)]);
}

export function remove(tasks: readonly Task[]): void {
  did("Deleted", tasks, tasks.map((task) => deleteTask(task.id)));
}

const change = (tasks: readonly Task[], patch: (task: Task) => TaskPatchInput) => tasks.map((task) => updateTask(task.id, patch(task)));
