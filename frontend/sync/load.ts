/** Brings a device up to what the server has, with few requests. */
import { answer, ApiProblem, todo } from "@/api/client";
import type { Replica } from "./replica";
import { server } from "./server";
import type { Task } from "./types";

const PAGE = 100;
/** Of those that are done, this many at most, the newest first. */
const MOST_CLOSED = 1_000;
const ATTEMPTS = 3;
/** So many tasks are asked for one by one. */
const FEW = 20;

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

/** Pages shift where tasks come and go meanwhile: then they are read anew. */
async function steadily<T>(list: List, read: (list: List) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const totals = new Set<number>();
    const result = await read(async (...which) => {
      const page = await list(...which);
      totals.add(page.total);
      return page;
    });
    if (totals.size <= 1 || attempt === ATTEMPTS) return result;
  }
}

/** All open tasks. */
async function openTasks(list: List): Promise<Task[]> {
  const tasks: Task[] = [];
  for (;;) {
    const page = await list(OPEN, "created_at", tasks.length);
    tasks.push(...page.tasks);
    if (tasks.length >= page.total || page.tasks.length === 0) return tasks;
  }
}

/**
 * The tasks that are done, newest change first, up to those that are known already; all (within bounds) where there are not
 * as many as known, since some were deleted then.
 */
async function closedTasks(list: List, known: ReadonlyMap<string, Task>): Promise<{ tasks: Task[]; isAll: boolean }> {
  const tasks = new Map<string, Task>();
  for (let offset = 0; ; ) {
    const page = await list(CLOSED, "-updated_at", offset);
    offset += page.tasks.length;
    for (const task of page.tasks) tasks.set(task.id, task);
    const last = page.tasks.at(-1);
    const isAll = offset >= page.total || !last;
    if (isAll || offset >= MOST_CLOSED) return { tasks: [...tasks.values()], isAll };
    if (known.get(last.id)?.version !== last.version) continue;
    const older = [...known.values()].filter((task) => CLOSED.includes(task.status) && !tasks.has(task.id)).length;
    const count = older + tasks.size;
    if (count === page.total || (page.total > MOST_CLOSED && count >= MOST_CLOSED)) return { tasks: [...tasks.values()], isAll: false };
  }
}

interface Found {
  tasks: Task[];
  /** Known, and not found. */
  missing: Task[];
}

async function look(replica: Replica, list: List): Promise<Found> {
  const before = replica.state.tasks;
  const open = await steadily(list, openTasks);
  const closed = await steadily(list, (list) => closedTasks(list, before));
  const tasks = [...open, ...closed.tasks];
  const there = new Set(tasks.map(({ id }) => id));
  const missing = [...before.values()]
    .filter((task) => !there.has(task.id) && (closed.isAll || OPEN.includes(task.status)))
    // One that changed meanwhile is there.
    .filter((task) => replica.state.tasks.get(task.id) === task);
  return { tasks, missing };
}

/**
 * Loads what is new, and forgets what is not there any more; since a page may have shifted, a few that are missing are
 * asked for by themselves, and of many a second look decides. What comes in live meanwhile is newer than this.
 */
export async function catchUp(replica: Replica, lists: List = list, read: (id: string) => Promise<Task> = server.read): Promise<void> {
  const { tasks, missing } = await look(replica, lists);
  await replica.receive(tasks);
  if (missing.length > FEW) {
    const again = await look(replica, lists);
    const gone = new Set(missing.map(({ id }) => id));
    await replica.receive(again.tasks, again.missing.filter(({ id }) => gone.has(id)));
    return;
  }
  for (const task of missing) {
    const found = await read(task.id).catch((error: unknown) => {
      if (error instanceof ApiProblem && error.status === 404) return null;
      throw error;
    });
    if (found) await replica.receive([found]);
    else await replica.receive([], [task]);
  }
}
