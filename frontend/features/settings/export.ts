/** All that the server has of a person, in one JSON document. */
import { answer, ApiProblem, audit, notifications, todo } from "@/api/client";
import type { Task } from "@/sync/types";

const PAGE = 100;

/** What is being read and how much of it there is so far; `total` where the server says it. */
export interface Progress {
  part: "account" | "tasks" | "notifications" | "history" | "waiting";
  count: number;
  total?: number;
}

type Tell = (progress: Progress) => void;

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

/** Asks again where the server says that it was too often. */
async function patiently<T>(call: () => Promise<T>, tell: Tell, count: number, signal: AbortSignal): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof ApiProblem) || error.status !== 429) throw error;
      tell({ part: "waiting", count });
      await pause(error.retryAfter ?? 10_000, signal);
    }
  }
}

async function allTasks(tell: Tell, signal: AbortSignal): Promise<Task[]> {
  const tasks = new Map<string, Task>();
  for (let offset = 0; ; offset += PAGE) {
    const query = { sort: "created_at" as const, limit: PAGE, offset };
    const page = await patiently(() => answer(todo.GET("/api/tasks", { params: { query }, signal })), tell, tasks.size, signal);
    for (const task of page.tasks) tasks.set(task.id, task);
    tell({ part: "tasks", count: tasks.size, total: page.total });
    if (page.tasks.length < PAGE) return [...tasks.values()];
  }
}

/** Follows the cursors of a list to its end. */
async function allPages<T>(part: Progress["part"], read: (cursor?: string) => Promise<{ items: T[]; next?: string | null }>, tell: Tell, signal: AbortSignal): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | undefined;
  do {
    const { items, next } = await patiently(() => read(cursor), tell, all.length, signal);
    all.push(...items);
    tell({ part, count: all.length });
    cursor = next ?? undefined;
  } while (cursor);
  return all;
}

/** The last conversation; the server lists none. */
async function conversation(tell: Tell, signal: AbortSignal) {
  const read = () => answer(todo.GET("/api/chat/latest", { signal }));
  return (await patiently(read, tell, 0, signal)) ?? null;
}

/** Reads everything; `tell` hears how far it is. Throws an `ApiProblem`, or what `signal` was aborted with. */
export async function collect(tell: Tell, signal: AbortSignal) {
  tell({ part: "account", count: 0 });
  const account = await patiently(() => answer(todo.GET("/api/users/me", { signal })), tell, 0, signal);
  const tasks = await allTasks(tell, signal);
  const inbox = await allPages(
    "notifications",
    async (cursor) => {
      const page = await answer(notifications.GET("/api/notifications", { params: { query: { limit: PAGE, cursor } }, signal }));
      return { items: page.notifications, next: page.next_cursor };
    },
    tell,
    signal,
  );
  const browsers = await patiently(() => answer(notifications.GET("/api/notifications/push-subscriptions", { signal })), tell, 0, signal);
  const trail = await allPages(
    "history",
    async (cursor) => {
      const page = await answer(audit.GET("/api/audit", { params: { query: { limit: PAGE, cursor } }, signal }));
      return { items: page.entries, next: page.next_cursor };
    },
    tell,
    signal,
  );
  return {
    exported_at: new Date().toISOString(),
    account,
    tasks,
    notifications: inbox,
    push_subscriptions: browsers.subscriptions,
    audit_trail: trail,
    conversation: await conversation(tell, signal),
  };
}

/** Hands a document to the person as a file. */
export function download(name: string, document_: unknown): void {
  const url = URL.createObjectURL(new Blob([JSON.stringify(document_, null, 2)], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
