import * as fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { fieldsOf, sameValue } from "./changes";
import { Database } from "./database";
import { type Event, type Fault, Model, USER } from "./model";
import { Outbox } from "./outbox";
import { markRead } from "./marks";
import { Replica } from "./replica";
import { setRunning } from "./state";
import { createTask, deleteTask, resolveConflict, skipTask, undoLast, updateTask } from "./tasks";
import type { Field, TaskPatchInput } from "./types";

/** A tab with a person at it. */
class Device {
  replica: Replica;
  outbox: Outbox;
  heard = 0;

  constructor(
    readonly model: Model,
    database: Database,
  ) {
    this.replica = new Replica(USER, database, () => {}, () => {});
    this.outbox = new Outbox(this.replica, model.server, () => true, () => {});
  }

  /** Does something as the person at this device. */
  async act(action: () => unknown): Promise<void> {
    setRunning({ replica: this.replica, outbox: { kick: () => {} } as Outbox });
    action();
    await new Promise((resolve) => setImmediate(resolve));
  }

  async send(): Promise<void> {
    this.outbox.kick();
    await this.outbox.settled();
  }

  async hear(event: Event | undefined): Promise<void> {
    if (!event) return;
    const { task } = event;
    if (event.type === "task") await this.replica.receive([task]);
    else await this.replica.receive([], [{ id: task.id, version: task.version }]);
  }

  task(pick: number): string {
    const ids = [...this.replica.state.view.keys()];
    return ids[pick % Math.max(1, ids.length)] ?? "";
  }

  conflicts() {
    return this.replica.state.changes.filter(({ state }) => state === "conflict");
  }

  /** Everything sent, everything decided, everything heard. */
  async finish(choices: ("mine" | "theirs")[]): Promise<void> {
    this.model.faults = [];
    for (let round = 0; round < 50; round += 1) {
      await this.send();
      const [conflict] = this.conflicts();
      if (!conflict) break;
      await this.act(() => resolveConflict(conflict.id, choices[round % choices.length] ?? "mine"));
    }
    for (const event of this.model.events) await this.hear(event);
    await this.send();
  }
}

const device = async (model: Model) => new Device(model, await Database.open(USER));

const pick = fc.nat(5);
/** The device alone writes titles, the others alone descriptions; both write the rest. */
const localPatch = fc.oneof(
  fc.record({ title: fc.constantFrom("a", "b", "c") }),
  fc.record({ priority: fc.constantFrom("low", "high", "urgent") }),
  fc.record({ title: fc.constantFrom("a", "b"), tags: fc.constantFrom(["x"], ["y", "z"], []) }),
  fc.record({ status: fc.constantFrom("completed", "pending", "in_progress") }),
) as fc.Arbitrary<TaskPatchInput>;
const remotePatch = fc.oneof(
  fc.record({ description: fc.constantFrom("one", "two", null) }),
  fc.record({ priority: fc.constantFrom("low", "high", "urgent") }),
  fc.record({ tags: fc.constantFrom(["x"], ["w"]) }),
) as fc.Arbitrary<TaskPatchInput>;

/** What the person saw when they began, which may be long ago. */
const saw = fc.option(fc.record({ priority: fc.constantFrom("low", "high"), tags: fc.constantFrom(["x"], ["w"]) }), { nil: undefined }) as fc.Arbitrary<TaskPatchInput | undefined>;

const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant("create" as const), title: fc.constantFrom("new", "newer") }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("update" as const), pick, patch: localPatch, saw }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("skip" as const), pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("undo" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), pick }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("elsewhere" as const), pick, patch: remotePatch }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("deleted elsewhere" as const), pick }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("hear" as const), which: fc.nat(40) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("send" as const),
      faults: fc.array(fc.constantFrom<Fault>("none", "request lost", "answer lost", "unavailable", "busy"), { maxLength: 4 }),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

async function perform(each: Step, here: Device, model: Model): Promise<void> {
  const remote = (number: number) => [...model.tasks.keys()][number % Math.max(1, model.tasks.size)] ?? "";
  switch (each.do) {
    case "create":
      return here.act(() => createTask({ title: each.title, due_date: "2026-03-01T09:00:00Z" }));
    case "update":
      return here.act(() => updateTask(here.task(each.pick), each.patch, each.saw));
    case "skip":
      return here.act(() => skipTask(here.task(each.pick)));
    case "undo":
      return here.act(() => undoLast());
    case "delete":
      return here.act(() => deleteTask(here.task(each.pick)));
    case "elsewhere":
      return model.elsewhere.update(remote(each.pick), each.patch);
    case "deleted elsewhere":
      return model.elsewhere.delete(remote(each.pick));
    case "hear":
      return here.hear(model.events[each.which % Math.max(1, model.events.length)]);
    case "send":
      model.faults = [...each.faults];
      return here.send();
  }
}

const RUNS = { numRuns: 400, interruptAfterTimeLimit: 8_000 };

afterEach(() => setRunning(null));

describe("a device and its server", () => {
  it("end the same after any history, with each change done at most once", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40, size: "max" }), fc.array(fc.constantFrom("mine" as const, "theirs" as const), { minLength: 1 }), async (steps, choices) => {
        const model = new Model();
        model.elsewhere.create("11111111-1111-4111-8111-111111111111", { title: "there" });
        const here = await device(model);
        await here.hear(model.events[0]);
        for (const each of steps) await perform(each, here, model);
        await here.finish(choices);
        here.outbox.close();

        expect(here.replica.state.changes.filter(({ state }) => state === "queued")).toEqual([]);
        expect(here.conflicts()).toEqual([]);
        const refused = here.replica.state.changes.filter(({ state }) => state === "refused");
        for (const change of refused) expect(change.kind).toBe("skip");
        expect([...here.replica.state.view.values()].sort(byId)).toEqual([...model.tasks.values()].sort(byId));
        for (const count of model.effects.values()) expect(count).toBe(1);
      }),
      RUNS,
    );
  });

  it("keep the last title that the person wrote and the last description of the others", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40, size: "max" }), async (steps) => {
        const model = new Model();
        const id = "11111111-1111-4111-8111-111111111111";
        model.elsewhere.create(id, { title: "there", description: "first" });
        const here = await device(model);
        await here.hear(model.events[0]);
        let [title, description] = ["there", "first" as string | null | undefined];
        for (const each of steps) {
          if (each.do === "delete" || each.do === "deleted elsewhere" || each.do === "undo" || each.do === "create") continue;
          // An attempt that may have worked makes a conflict even of a field that only this device writes: mine is kept below.
          await perform(each, here, model);
          if (each.do === "update" && each.patch.title) title = each.patch.title;
          if (each.do === "elsewhere" && "description" in each.patch) description = each.patch.description;
        }
        await here.finish(["mine"]);
        here.outbox.close();
        expect(model.tasks.get(id)).toMatchObject({ title, description });
      }),
      RUNS,
    );
  });

  it("never show what comes late or twice as newer", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(remotePatch, { maxLength: 8 }), fc.boolean(), fc.array(fc.nat(20), { maxLength: 40, size: "max" }), async (patches, isDeleted, order) => {
        const model = new Model();
        const id = "11111111-1111-4111-8111-111111111111";
        model.elsewhere.create(id, { title: "there" });
        for (const patch of patches) model.elsewhere.update(id, patch);
        if (isDeleted) model.elsewhere.delete(id);
        const here = await device(model);
        let newest = 0;
        for (const each of [...order, ...model.events.keys()]) {
          await here.hear(model.events[each % model.events.length]);
          const version = here.replica.state.tasks.get(id)?.version ?? 0;
          expect(version === 0 || version >= newest).toBe(true);
          newest = Math.max(newest, version);
        }
        expect(here.replica.state.tasks.get(id)).toEqual(model.tasks.get(id));
      }),
      RUNS,
    );
  });
});

const byId = (a: { id: string }, b: { id: string }) => a.id.localeCompare(b.id);

describe("a change", () => {
  const id = "11111111-1111-4111-8111-111111111111";
  const begin = async (patch: TaskPatchInput = { title: "there" }) => {
    const model = new Model();
    model.elsewhere.create(id, patch);
    const here = await device(model);
    await here.hear(model.events[0]);
    return { model, here, seen: () => here.replica.state.view.get(id) };
  };

  it("is seen at once and sent with the version that was seen", async () => {
    const { model, here, seen } = await begin();
    await here.act(() => updateTask(id, { title: " mine " }));
    expect(seen()).toMatchObject({ title: "mine", version: 1 });
    await here.send();
    expect(model.tasks.get(id)).toMatchObject({ title: "mine", version: 2 });
    expect(model.requests).toBe(1);
  });

  it("of the same field replaces one that was not sent", async () => {
    const { model, here } = await begin();
    for (const title of ["a", "ab", "abc"]) await here.act(() => updateTask(id, { title }));
    await here.act(() => updateTask(id, { priority: "high" }));
    await here.send();
    expect(model.requests).toBe(2);
    expect(model.tasks.get(id)).toMatchObject({ title: "abc", priority: "high", version: 3 });
  });

  it("goes on by itself where another field changed elsewhere", async () => {
    const { model, here } = await begin();
    await here.act(() => updateTask(id, { title: "mine" }));
    model.elsewhere.update(id, { description: "theirs" });
    await here.send();
    expect(here.conflicts()).toEqual([]);
    expect(model.tasks.get(id)).toMatchObject({ title: "mine", description: "theirs", version: 3 });
  });

  it("made while one before it was sent goes on from what the server made of that", async () => {
    const { model, here } = await begin();
    const { update } = model.server;
    let isMade = false;
    model.server.update = async (change) => {
      if (!isMade) await here.act(() => updateTask(id, { recurrence_pattern: "freq=weekly" }));
      isMade = true;
      return update(change);
    };
    await here.act(() => updateTask(id, { recurrence_pattern: "freq=daily" }));
    model.faults = ["none", "request lost"];
    await here.send();
    expect(model.tasks.get(id)).toMatchObject({ recurrence_pattern: "FREQ=DAILY", version: 2 });
    model.elsewhere.update(id, { description: "theirs" });
    await here.send();
    here.outbox.close();
    expect(here.conflicts()).toEqual([]);
    expect(model.tasks.get(id)).toMatchObject({ recurrence_pattern: "FREQ=WEEKLY", description: "theirs", version: 4 });
  });

  it("waits for the person where the field changed elsewhere, while others go on", async () => {
    const { model, here, seen } = await begin();
    await here.act(() => updateTask(id, { title: "mine", priority: "high" }));
    model.elsewhere.update(id, { title: "theirs" });
    await here.act(() => createTask({ title: "other" }));
    await here.send();
    expect(model.tasks.get(id)).toMatchObject({ title: "theirs", priority: "high" });
    expect([...model.tasks.values()].map(({ title }) => title)).toContain("other");
    expect(here.conflicts()).toHaveLength(1);
    expect(seen()).toMatchObject({ title: "mine" });
    await here.act(() => updateTask(id, { title: "mine, too" }));
    expect(here.conflicts()).toHaveLength(1);
    const [conflict] = here.conflicts();
    await here.act(() => resolveConflict(conflict?.id ?? "", "mine"));
    await here.send();
    expect(model.tasks.get(id)).toMatchObject({ title: "mine, too" });
  });

  it("that took a while overwrites nothing that came meanwhile, and is none where nothing was written", async () => {
    const { model, here, seen } = await begin();
    model.elsewhere.update(id, { title: "theirs" });
    await here.hear(model.events[1]);
    await here.act(() => expect(updateTask(id, { title: "there" }, { title: "there" })).toBeNull());
    await here.act(() => updateTask(id, { title: "mine", priority: "high" }, { title: "there" }));
    expect(seen()).toMatchObject({ title: "mine" });
    await here.send();
    expect(model.tasks.get(id)).toMatchObject({ title: "theirs", priority: "high" });
    expect(here.conflicts()).toMatchObject([{ patch: { title: "mine" } }]);
    await here.act(() => expect(undoLast()).toBe(true));
    expect(seen()).toMatchObject({ title: "theirs", priority: "medium" });
  });

  it("is dropped for theirs", async () => {
    const { model, here, seen } = await begin();
    await here.act(() => updateTask(id, { title: "mine" }));
    model.elsewhere.update(id, { title: "theirs" });
    await here.send();
    await here.act(() => resolveConflict(here.conflicts()[0]?.id ?? "", "theirs"));
    expect(seen()).toMatchObject({ title: "theirs" });
    expect(here.replica.state.changes).toEqual([]);
  });

  it("of a task that was deleted elsewhere can make it again", async () => {
    const { model, here } = await begin();
    await here.act(() => updateTask(id, { title: "mine" }));
    model.elsewhere.delete(id);
    await here.send();
    const [conflict] = here.conflicts();
    expect(conflict?.task).toMatchObject({ title: "there" });
    await here.act(() => resolveConflict(conflict?.id ?? "", "mine"));
    await here.send();
    expect([...model.tasks.values()]).toMatchObject([{ title: "mine" }]);
  });

  it("asks where an answer was lost and the value is what it was before", async () => {
    const { model, here } = await begin();
    await here.act(() => updateTask(id, { title: "mine" }));
    model.faults = ["answer lost"];
    await here.send();
    model.elsewhere.update(id, { title: "there" });
    await here.send();
    here.outbox.close();
    expect(model.effects.size).toBe(1);
    expect(here.conflicts()).toHaveLength(1);
  });

  it("does not ask where what came in between shows that it had no effect", async () => {
    const { model, here } = await begin();
    await here.act(() => updateTask(id, { title: "mine" }));
    model.faults = ["request lost"];
    await here.send();
    for (const description of ["one", "two"]) model.elsewhere.update(id, { description });
    for (const event of model.events) await here.hear(event);
    await here.send();
    here.outbox.close();
    expect(here.conflicts()).toEqual([]);
    expect(model.tasks.get(id)).toMatchObject({ title: "mine", description: "two", version: 4 });
  });

  it("is not sent again where what came in between shows its effect", async () => {
    const { model, here } = await begin();
    await here.act(() => updateTask(id, { title: "mine" }));
    model.faults = ["answer lost"];
    await here.send();
    model.elsewhere.update(id, { title: "there" });
    for (const event of model.events) await here.hear(event);
    await here.send();
    here.outbox.close();
    expect(here.replica.state.changes).toEqual([]);
    expect(model.tasks.get(id)).toMatchObject({ title: "there", version: 3 });
  });

  it("that is refused is taken back and says why", async () => {
    const { model, here, seen } = await begin();
    await here.act(() => updateTask(id, { title: "refused" }));
    await here.send();
    expect(seen()).toMatchObject({ title: "there" });
    expect(here.replica.state.changes).toMatchObject([{ state: "refused", reason: "Invalid value", errors: [{ field: "title" }] }]);
    expect(model.tasks.get(id)).toMatchObject({ version: 1 });
  });

  it("of a task that was never sent leaves nothing behind", async () => {
    const { model, here } = await begin();
    let made = "";
    await here.act(() => (made = createTask({ title: "oh" })));
    await here.act(() => updateTask(made, { title: "no" }));
    await here.act(() => deleteTask(made));
    expect(here.replica.state.changes).toEqual([]);
    await here.send();
    expect(model.requests).toBe(0);
  });

  it("that marks a notification is sent until it is answered, in its turn", async () => {
    const { model, here } = await begin();
    for (const each of ["n1", "n2"]) model.remind(each);
    await here.act(() => markRead("n1"));
    await here.act(() => updateTask(id, { title: "mine" }));
    model.faults = ["answer lost"];
    await here.send();
    expect([model.requests, here.replica.state.changes.length]).toEqual([1, 2]);
    await here.send();
    here.outbox.close();
    expect([model.requests, here.replica.state.changes.length]).toEqual([3, 0]);
    expect(model.unread()).toEqual(["n2"]);
  });

  it("that marks a notification that is gone is dropped, and holds nothing up", async () => {
    const { model, here } = await begin();
    await here.act(() => markRead("gone"));
    await here.act(() => updateTask(id, { title: "mine" }));
    await here.send();
    expect(here.replica.state.changes).toEqual([]);
    expect(model.tasks.get(id)).toMatchObject({ title: "mine" });
  });

  it("waits as long as the server asks", async () => {
    const { model, here } = await begin();
    await here.act(() => updateTask(id, { title: "mine" }));
    model.faults = ["busy"];
    vi.useFakeTimers();
    try {
      await here.send();
      await vi.advanceTimersByTimeAsync(900);
      expect(model.requests).toBe(1);
      await vi.advanceTimersByTimeAsync(200);
    } finally {
      vi.useRealTimers();
    }
    await here.outbox.settled();
    expect(model.tasks.get(id)).toMatchObject({ title: "mine" });
  });

  it("compares values as the server means them", () => {
    const fields: [Field, unknown, unknown][] = [
      ["due_date", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00"],
      ["description", null, undefined],
      ["tags", [], null],
      ["recurrence_from", undefined, "due_date"],
    ];
    for (const [field, a, b] of fields) expect(sameValue(field, a, b)).toBe(true);
    expect(sameValue("tags", ["a"], ["b"])).toBe(false);
    expect(fieldsOf({ title: "x" })).toEqual(["title"]);
  });
});
