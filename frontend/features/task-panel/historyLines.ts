/** A task's audit trail in words: what changed from one recorded state of the task to the next. */
import type { components } from "@/api/audit";
import { patternInWords } from "@/features/editors/rule";
import { remindersInWords } from "@/features/editors/reminders";
import { PRIORITY_NAMES, type Priority, type Status, STATUS_NAMES } from "@/features/tasks/marks";
import { type Day, dueInWords } from "@/features/time/zone";

export type AuditEntry = components["schemas"]["Entry"];
export type LineKind = "created" | "completed" | "deleted" | "changed" | "scheduled" | "triggered";

export interface Line {
  id: string;
  kind: LineKind;
  /** RFC 3339. */
  at: string;
  /** Sentences, one a change. */
  texts: string[];
}

/** Where and when the person reads it. */
export interface Reader {
  zone: string;
  today: Day;
}

type Values = Record<string, unknown>;

const valuesOf = (value: unknown): Values => (typeof value === "object" && value !== null ? (value as Values) : {});
const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((each): each is string => typeof each === "string") : []);

/** The task as an entry recorded it. */
const taskOf = (entry: AuditEntry): Values => valuesOf(valuesOf(entry.data).task_data);
const isOfTask = (entry: AuditEntry): boolean => entry.topic === "task-events";

/** Entries, newest first and each once. The order of what happened at the same time is that of its recording. */
export function merged(shown: readonly AuditEntry[], more: readonly AuditEntry[]): AuditEntry[] {
  const known = new Map([...shown, ...more].map((entry) => [entry.id, entry]));
  return [...known.values()].sort((a, b) => Date.parse(b.occurred_at) - Date.parse(a.occurred_at) || b.seq - a.seq);
}

/**
 * The lines of entries, newest first. A change is told by what was before it: unless the list goes back to the beginning
 * (`isWhole`), the last entries without one wait for the next page.
 */
export function linesOf(entries: readonly AuditEntry[], isWhole: boolean, reader: Reader): Line[] {
  const lines: Line[] = [];
  const last = entries.findLastIndex(isOfTask);
  for (const [index, entry] of entries.entries()) {
    if (!isWhole && index >= last && entry.event_type !== "task_created") break;
    const line = isOfTask(entry) ? taskLine(entry, entries.slice(index + 1).find(isOfTask), reader) : reminderLine(entry, reader);
    if (!line) continue;
    // Several reminders are set by one change.
    const before = lines.at(-1);
    if (line.kind === "scheduled" && before?.kind === "scheduled") before.texts.push(...line.texts);
    else lines.push(line);
  }
  return lines;
}

function reminderLine(entry: AuditEntry, { zone, today }: Reader): Line | null {
  const at = text(valuesOf(entry.data).remind_at);
  if (at === null || Number.isNaN(Date.parse(at))) return null;
  const line = { id: entry.id, at: entry.occurred_at };
  if (entry.event_type === "reminder_scheduled") return { ...line, kind: "scheduled", texts: [`Reminder set for ${inSentence(dueInWords(at, zone, today))}`] };
  if (entry.event_type === "reminder_triggered") return { ...line, kind: "triggered", texts: [valuesOf(entry.data).late === true ? "Reminder sent, late" : "Reminder sent"] };
  return null;
}

function taskLine(entry: AuditEntry, before: AuditEntry | undefined, reader: Reader): Line | null {
  const line = { id: entry.id, at: entry.occurred_at };
  const task = taskOf(entry);
  if (entry.event_type === "task_deleted") return { ...line, kind: "deleted", texts: ["Deleted"] };
  if (entry.event_type === "task_created") return { ...line, kind: "created", texts: [text(task.title) ? `Created as “${text(task.title)}”` : "Created"] };
  if (Object.keys(task).length === 0) return { ...line, kind: "changed", texts: ["Changed"] };
  const changes = before ? changesBetween(taskOf(before), task, reader) : [];
  const isCompleted = entry.event_type === "task_completed";
  if (isCompleted) return { ...line, kind: "completed", texts: ["Completed", ...changes.filter((change) => !change.startsWith("Status "))] };
  return changes.length > 0 ? { ...line, kind: "changed", texts: changes } : before ? null : { ...line, kind: "changed", texts: ["Changed"] };
}

/** `Today` and `Tomorrow` stand inside a sentence; names of days and months keep their capital. */
export const inSentence = (words: string): string => words.replace(/^(Today|Tomorrow|Yesterday)/, (word) => word.toLowerCase());

function changesBetween(before: Values, after: Values, { zone, today }: Reader): string[] {
  const changes: string[] = [];
  const moment = (value: unknown): string | null => {
    const instant = text(value);
    return instant !== null && !Number.isNaN(Date.parse(instant)) ? inSentence(dueInWords(instant, zone, today)) : null;
  };
  const named = (name: string, from: string | null, to: string | null) => {
    if (from === to) return;
    if (from === null) changes.push(`${name} set to ${to}`);
    else if (to === null) changes.push(`${name} removed, was ${from}`);
    else changes.push(`${name} changed from ${from} to ${to}`);
  };
  const [title, newTitle] = [text(before.title), text(after.title)];
  if (title !== newTitle && newTitle !== null) changes.push(title === null ? `Renamed to “${newTitle}”` : `Renamed from “${title}” to “${newTitle}”`);
  const [notes, newNotes] = [text(before.description), text(after.description)];
  if (notes !== newNotes) changes.push(notes === null ? "Notes added" : newNotes === null ? "Notes removed" : "Notes changed");
  const [status, newStatus] = [text(before.status), text(after.status)];
  if (status !== newStatus) {
    const isReopened = (status === "completed" || status === "cancelled") && newStatus === "pending";
    if (isReopened) changes.push("Reopened");
    else named("Status", statusName(status), statusName(newStatus));
  }
  if (before.priority !== after.priority) named("Priority", priorityName(before.priority), priorityName(after.priority));
  if (text(before.due_date) !== text(after.due_date)) {
    const [from, to] = [moment(before.due_date), moment(after.due_date)];
    if (from !== null && to !== null) changes.push(`Due date moved from ${from} to ${to}`);
    else named("Due date", from, to);
  }
  const [pattern, newPattern] = [text(before.recurrence_pattern), text(after.recurrence_pattern)];
  if (pattern !== newPattern) named("Repeat", pattern && lower(patternInWords(pattern)), newPattern && lower(patternInWords(newPattern)));
  if (text(after.recurrence_from) !== null && before.recurrence_from !== after.recurrence_from) {
    changes.push(after.recurrence_from === "completion" ? "Repeats counted from the day it is done" : "Repeats counted from the due date");
  }
  const reminders = (value: unknown) => lower(remindersInWords(texts(value), zone, today));
  if (texts(before.reminders).join() !== texts(after.reminders).join()) {
    changes.push(texts(after.reminders).length === 0 ? "Reminders removed" : `Reminders changed to ${reminders(after.reminders)}`);
  }
  const [tags, newTags] = [texts(before.tags), texts(after.tags)];
  const added = newTags.filter((tag) => !tags.includes(tag));
  const removed = tags.filter((tag) => !newTags.includes(tag));
  if (added.length > 0) changes.push(`Tagged ${added.join(", ")}`);
  if (removed.length > 0) changes.push(`No longer tagged ${removed.join(", ")}`);
  return changes;
}

const lower = (words: string): string => words.charAt(0).toLowerCase() + words.slice(1);
const statusName = (value: string | null): string | null => (value !== null && Object.hasOwn(STATUS_NAMES, value) ? lower(STATUS_NAMES[value as Status]) : value);
const priorityName = (value: unknown): string | null =>
  typeof value === "string" && Object.hasOwn(PRIORITY_NAMES, value) ? lower(PRIORITY_NAMES[value as Priority]) : text(value);

