/** What this device keeps of a person: their tasks as the server last had them, and their unsent changes. */
import { type DBSchema, type IDBPDatabase, deleteDB, openDB } from "idb";
import type { Change, Task } from "./types";

interface Schema extends DBSchema {
  tasks: { key: string; value: Task };
  changes: { key: string; value: Change };
  /** `user`: the profile. `newest`: the update up to which the tasks are whole. `inbox`: its first page. */
  meta: { key: string; value: unknown };
}

const nameOf = (userId: string): string => `todo-${userId}`;

/** A step that reads and writes at once, so that tabs that work at the same time do not undo each other's. */
export interface Step {
  changes?: (changes: Change[]) => Change[];
  /** Newer versions of tasks; older ones than those that are kept are passed over. */
  put?: readonly Task[];
  remove?: readonly string[];
  meta?: Readonly<Record<string, unknown>>;
}

export interface Kept {
  tasks: Task[];
  changes: Change[];
  meta: Record<string, unknown>;
}

const inOrder = (changes: Change[]): Change[] => changes.sort((a, b) => a.seq - b.seq);

/** A person's database; in memory where the browser has none to offer (private windows) or it fails (no space left). */
export class Database {
  private memory: Change[] = [];

  private constructor(private db: IDBPDatabase<Schema> | null) {}

  static async open(userId: string): Promise<Database> {
    if (typeof indexedDB === "undefined") return new Database(null);
    try {
      const db = await openDB<Schema>(nameOf(userId), 1, {
        upgrade(database) {
          database.createObjectStore("tasks", { keyPath: "id" });
          database.createObjectStore("changes", { keyPath: "id" });
          database.createObjectStore("meta");
        },
        blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
      });
      return new Database(db);
    } catch {
      return new Database(null);
    }
  }

  async load(): Promise<Kept> {
    if (!this.db) return { tasks: [], changes: this.memory, meta: {} };
    const tx = this.db.transaction(["tasks", "changes", "meta"]);
    const meta = tx.objectStore("meta");
    const [tasks, changes, keys, values] = await Promise.all([
      tx.objectStore("tasks").getAll(),
      tx.objectStore("changes").getAll(),
      meta.getAllKeys(),
      meta.getAll(),
    ]);
    return { tasks, changes: inOrder(changes), meta: Object.fromEntries(keys.map((key, index) => [key, values[index]])) };
  }

  async changes(): Promise<Change[]> {
    const stored = await this.db?.getAll("changes").catch(() => null);
    return stored ? inOrder(stored) : this.memory;
  }

  /** Does all of it or nothing, and gives the changes as they are after it. */
  async step(step: Step): Promise<Change[]> {
    if (this.db) {
      try {
        const after = await this.stored(this.db, step);
        this.memory = after;
        return after;
      } catch {
        this.db = null;
      }
    }
    this.memory = step.changes ? step.changes(this.memory) : this.memory;
    return this.memory;
  }

  private async stored(db: IDBPDatabase<Schema>, step: Step): Promise<Change[]> {
    const tx = db.transaction(["tasks", "changes", "meta"], "readwrite");
    const [tasks, changes, meta] = [tx.objectStore("tasks"), tx.objectStore("changes"), tx.objectStore("meta")];
    const before = inOrder(await changes.getAll());
    const after = step.changes ? step.changes(before) : before;
    const [known, kept] = [new Set(before), new Set(after.map(({ id }) => id))];
    const writes: Promise<unknown>[] = [];
    for (const { id } of before) if (!kept.has(id)) writes.push(changes.delete(id));
    for (const change of after) if (!known.has(change)) writes.push(changes.put(change));
    for (const id of step.remove ?? []) writes.push(tasks.delete(id));
    for (const task of step.put ?? []) {
      const last = await tasks.get(task.id);
      if (!last || last.version < task.version) writes.push(tasks.put(task));
    }
    for (const [key, value] of Object.entries(step.meta ?? {})) writes.push(meta.put(value, key));
    await Promise.all([...writes, tx.done]);
    return inOrder(after);
  }

  close(): void {
    this.db?.close();
    this.db = null;
  }
}

/** Removes what this device keeps of a person. */
export async function forget(userId: string): Promise<void> {
  if (typeof indexedDB === "undefined") return;
  try {
    await deleteDB(nameOf(userId));
  } catch {
    // Nothing was kept.
  }
}
