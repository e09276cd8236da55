import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Database } from "./database";
import { createdTaskId } from "./ids";
import { catchUp, type List } from "./load";
import { Model, USER } from "./model";
import { Replica } from "./replica";

const id = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;

/** The list route over the model, with something that happens before each page. */
const lists =
  (model: Model, meanwhile: (page: number) => void = () => {}) =>
  (): { list: List; requests: () => number } => {
    let requests = 0;
    const list: List = async (status, sort, offset) => {
      meanwhile((requests += 1));
      const of = (time: "created_at" | "updated_at") => (a: { created_at: string; updated_at: string; id: string }, b: typeof a) =>
        a[time].localeCompare(b[time]) || a.id.localeCompare(b.id);
      const all = [...model.tasks.values()].filter((task) => status.includes(task.status));
      if (sort === "created_at") all.sort(of("created_at"));
      else all.sort(of("updated_at")).reverse();
      return { tasks: all.slice(offset, offset + 100), total: all.length };
    };
    return { list, requests: () => requests };
  };

const device = async () => new Replica(USER, await Database.open(USER), () => {}, () => {});
const fill = (model: Model, count: number, done: number) => {
  for (let index = 0; index < count; index += 1) {
    model.elsewhere.create(id(index), { title: `t${index}` });
    if (index < done) model.elsewhere.update(id(index), { status: "completed" });
  }
};
const sorted = (tasks: Iterable<{ id: string }>) => [...tasks].sort((a, b) => a.id.localeCompare(b.id));

describe("catching up", () => {
  it("loads all, and later only what is new", async () => {
    const model = new Model();
    fill(model, 420, 250);
    const replica = await device();
    const first = lists(model)();
    await catchUp(replica, first.list, model.server.read);
    expect(sorted(replica.state.tasks.values())).toEqual(sorted(model.tasks.values()));
    expect(first.requests()).toBe(5);
    model.elsewhere.update(id(10), { title: "changed" });
    model.elsewhere.update(id(300), { status: "cancelled" });
    model.elsewhere.delete(id(301));
    const second = lists(model)();
    await catchUp(replica, second.list, model.server.read);
    expect(sorted(replica.state.tasks.values())).toEqual(sorted(model.tasks.values()));
    expect(second.requests()).toBe(3);
    model.elsewhere.delete(id(11));
    await catchUp(replica, lists(model)().list, model.server.read);
    expect(replica.state.tasks.has(id(11))).toBe(false);
  });

  it("forgets many at once", async () => {
    const model = new Model();
    fill(model, 150, 30);
    const replica = await device();
    await catchUp(replica, lists(model)().list, model.server.read);
    for (let index = 0; index < 60; index += 1) model.elsewhere.delete(id(index));
    const reading = lists(model)();
    await catchUp(replica, reading.list, model.server.read);
    expect(sorted(replica.state.tasks.values())).toEqual(sorted(model.tasks.values()));
    expect(reading.requests()).toBeLessThan(6);
  });

  it("ends with what the server has, whatever happens while it reads and comes live", async () => {
    const change = fc.record({ page: fc.integer({ min: 1, max: 6 }), number: fc.nat(250), kind: fc.constantFrom("delete", "complete", "reopen", "edit") });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 12, size: "max" }), async (changes) => {
        const model = new Model();
        fill(model, 240, 110);
        const replica = await device();
        await catchUp(replica, lists(model)().list, model.server.read);
        const heard = model.events.length;
        const reading = lists(model, (page) => {
          for (const { number, kind } of changes.filter((each) => each.page === page)) {
            if (kind === "delete") model.elsewhere.delete(id(number));
            else model.elsewhere.update(id(number), kind === "edit" ? { title: `e${number}` } : { status: kind === "complete" ? "completed" : "pending" });
          }
        })();
        await catchUp(replica, reading.list, model.server.read);
        for (const { type, task } of model.events.slice(heard)) {
          if (type === "task") await replica.receive([task]);
          else await replica.receive([], [{ id: task.id, version: task.version }]);
        }
        expect(sorted(replica.state.tasks.values())).toEqual(sorted(model.tasks.values()));
      }),
      { numRuns: 60, interruptAfterTimeLimit: 4_000 },
    );
  });
});

describe("ids", () => {
  it("are those that the server makes of a person's id and an Idempotency-Key", () => {
    // As the Todo API answered a POST with this key to this person.
    expect(createdTaskId("01a20a16-e71b-77da-bafd-3ab6b1256859", "0b0e7a52-3f55-4b8e-9c39-0d6f1a2b3c4d")).toBe("59d749eb-7dd6-5026-b640-95b0899c58bf");
  });
});
