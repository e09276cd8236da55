/** Brings a device up to what the server has, with few requests. */
import { answer, todo } from "@/api/client";
import type { Replica } from "./replica";
import type { Task } from "./types";

const PAGE = 100;
/** Of those that are done, this many at most, the newest first. */
const MOST_CLOSED = 1_000;
const ATTEMPTS = 3;

type Status = Task["status"];
const OPEN: Status[] = ["pending", "in_progress"];
const CLOSED: Status[] = ["completed", "cancelled"];

interface Page {
  tasks: Task[];
  total: number;
}

/** A page of tasks of these statuses. */
export type List = (status: Status[], sort: "created_at" | "-updated_at", offset: number) => Promise<Page>;

export const list: List = (status, sort, offset) =>
  answer<Page>(todo.GET("/api/tasks", { params: { query: { status, sort, offset, limit: PAGE } } }));

/** All open tasks. Pages shift where tasks come and go meanwhile: then it begins anew. */
async function openTasks(list: List): Promise<Task[]> {
  for (let attempt = 1; ; attempt += 1) {
    const tasks: Task[] = [];
    let total: number | null = null;
    let isSteady = true;
    do {
      const page = await list(OPEN, "created_at", tasks.length);
      isSteady &&= total === null || total === page.total;
      total = page.total;
      tasks.push(...page.tasks);
      if (page.tasks.length === 0) break;
    } while (tasks.length < total);
    if (isSteady || attempt === ATTEMPTS) return tasks;
  }
}

/**
 * The tasks that are done, newest change first, up to those that are known already; all (within bounds) where fewer or
 * more are there than known, since some were deleted then.
 */
async function closedTasks(list: List, known: ReadonlyMap<string, Task>): Promise<{ tasks: Task[]; isAll: boolean }> {
  const tasks = new Map<string, Task>();
  let isAllKnown = false;
  for (let offset = 0; ; ) {
    const page = await list(CLOSED, "-updated_at", offset);
    offset += page.tasks.length;
    for (const task of page.tasks) tasks.set(task.id, task);
    isAllKnown ||= page.tasks.some((task) => known.get(task.id)?.version === task.version);
    const isAll = offset >= page.total || page.tasks.length === 0;
    if (isAll || offset >= MOST_CLOSED) return { tasks: [...tasks.values()], isAll };
    if (!isAllKnown) continue;
    const closed = [...known.values()].filter((task) => CLOSED.includes(task.status) && !tasks.has(task.id));
    if (closed.length + tasks.size === Math.min(page.total, Math.max(MOST_CLOSED, closed.length + tasks.size))) {
      return { tasks: [...tasks.values()], isAll: false };
    }
  }
}

/** Loads what is new, and forgets what is not there any more. What comes in live meanwhile is newer than this. */
export async function catchUp(replica: Replica, lists: List = list): Promise<void> {
  const before = replica.state.tasks;
  const open = await openTasks(lists);
  const closed = await closedTasks(lists, before);
  const there = new Set([...open, ...closed.tasks].map((task) => task.id));
  const removed = [...before.values()]
    .filter((task) => !there.has(task.id) && (closed.isAll || OPEN.includes(task.status)))
    // One that changed meanwhile is there.
    .filter((task) => replica.state.tasks.get(task.id) === task)
    .map(({ id, version }) => ({ id, version }));
  await replica.receive([...open, ...closed.tasks], removed);
}
