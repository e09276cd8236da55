/** Actions of a person: one or many changes at once, and back. */
import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Database, forget } from "./database";
import { Model, USER } from "./model";
import type { Outbox } from "./outbox";
import { Replica } from "./replica";
import { setRunning } from "./state";
import { createTask, deleteTask, together, undo, undoLast, updateTask } from "./tasks";

const MANY = 1_355;

let database: Database;
let replica: Replica;
const [shown, kick] = [vi.fn(), vi.fn()];

/** A session with this many tasks. */
async function begin(count: number): Promise<string[]> {
  database = await Database.open(USER);
  replica = new Replica(USER, database, shown, () => {});
  const model = new Model();
  for (let index = 0; index < count; index += 1) model.elsewhere.create(crypto.randomUUID(), { title: `${index}` });
  await replica.receive([...model.tasks.values()]);
  setRunning({ replica, outbox: { kick } as unknown as Outbox });
  vi.clearAllMocks();
  return [...model.tasks.keys()];
}

const priorities = (): Set<string> => new Set([...replica.state.view.values()].map(({ priority }) => priority));
const titles = (): string[] => [...replica.state.view.values()].map(({ title }) => title);

beforeEach(() => forget(USER));
afterEach(() => {
  setRunning(null);
  database.close();
});

describe("an action", () => {
  it("of many changes is stored, shown and sent as one, in their order", async () => {
    const ids = await begin(MANY);
    const step = vi.spyOn(database, "step");
    together(() => ids.forEach((id) => updateTask(id, { priority: "urgent" })));
    expect(priorities()).toEqual(new Set(["urgent"]));
    expect(shown).toHaveBeenCalledTimes(1);
    await vi.waitFor(() => expect(kick).toHaveBeenCalledTimes(1));
    expect(step).toHaveBeenCalledTimes(1);
    expect(shown).toHaveBeenCalledTimes(2);
    const stored = await database.changes();
    expect(stored.map(({ taskId }) => taskId)).toEqual(ids);
    expect(stored.map(({ seq }) => seq)).toEqual(ids.map((_, index) => index + 1));
  });

  it("of many changes is taken back as one", async () => {
    const ids = await begin(MANY);
    updateTask(ids[0] ?? "", { title: "first" });
    together(() => ids.forEach((id) => updateTask(id, { priority: "urgent" })));
    shown.mockClear();
    expect(undoLast()).toBe(true);
    expect(priorities()).toEqual(new Set(["medium"]));
    expect(shown).toHaveBeenCalledTimes(1);
    expect(titles()[0]).toBe("first");
    expect(undoLast()).toBe(true);
    expect(titles()[0]).toBe("0");
    expect(undoLast()).toBe(false);
    await vi.waitFor(() => expect(kick).toHaveBeenCalledTimes(4));
  });

  it("sees what it did before", async () => {
    const [id = "", other = ""] = await begin(2);
    const action = together(() => {
      const made = createTask({ title: "new" });
      updateTask(made, { status: "in_progress" });
      updateTask(id, { title: "a" });
      updateTask(id, { title: "b", priority: "high" });
      together(() => deleteTask(other));
      expect(updateTask(other, { title: "c" })).toBeNull();
    });
    expect([...replica.state.view.values()]).toMatchObject([
      { title: "b", priority: "high" },
      { title: "new", status: "in_progress" },
    ]);
    expect(undo(action ?? "")).toBe(true);
    expect([...replica.state.view.values()]).toMatchObject([{ title: "0", priority: "medium" }, { title: "1" }]);
    expect(undoLast()).toBe(false);
    await vi.waitFor(() => expect(kick).toHaveBeenCalledTimes(2));
  });

  it("that fails does nothing", async () => {
    const [id = ""] = await begin(1);
    const act = () =>
      together(() => {
        updateTask(id, { title: "a" });
        throw new Error("no");
      });
    expect(act).toThrow("no");
    expect(together(() => {})).toBeNull();
    expect(replica.state.changes).toEqual([]);
    expect(undoLast()).toBe(false);
    updateTask(id, { title: "b" });
    expect(titles()).toEqual(["b"]);
    await vi.waitFor(() => expect(kick).toHaveBeenCalledTimes(1));
  });

  it("is kept with the last hundred, for the session that did it", async () => {
    const [id = ""] = await begin(1);
    for (let count = 1; count <= 101; count += 1) updateTask(id, { title: `title ${count}` });
    const other = replica;
    setRunning({ replica: new Replica("another", database, shown, () => {}), outbox: { kick } as unknown as Outbox });
    expect(undoLast()).toBe(false);
    setRunning({ replica: other, outbox: { kick } as unknown as Outbox });
    for (let count = 1; count <= 100; count += 1) expect(undoLast()).toBe(true);
    expect(undoLast()).toBe(false);
    expect(titles()).toEqual(["title 1"]);
    await vi.waitFor(() => expect(kick).toHaveBeenCalledTimes(201));
  });

  it("leaves other tasks the objects that they were", async () => {
    const [first = "", second = ""] = await begin(2);
    updateTask(first, { tags: ["x"] });
    const before = replica.state.view.get(first);
    updateTask(second, { title: "b" });
    await vi.waitFor(() => expect(kick).toHaveBeenCalledTimes(2));
    await replica.stored();
    expect(before?.tags).toEqual(["x"]);
    expect(replica.state.view.get(first)).toBe(before);
  });
});
