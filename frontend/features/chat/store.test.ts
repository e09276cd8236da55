import { expect, it } from "vitest";
import { merged, type Message } from "./store";

let id = 0;
const message = (role: Message["role"], text: string, more: Partial<Message> = {}): Message => ({ id: (id += 1), role, text, at: 0, state: "said", actions: [], ...more });
const told = (role: Message["role"], text: string, more: Partial<Message> = {}) => message(role, text, { state: "earlier", ...more });

it("keeps what is shown and adds what was said elsewhere, where it was said", () => {
  const [question, answer] = [message("user", "what is due?"), message("assistant", "Two tasks", { tasks: [] })];
  const [between, reply, after] = [told("user", "add milk"), told("assistant", "Added milk"), told("user", "thanks")];
  const all = merged([question, answer], [told("user", "what is due?"), between, reply, told("assistant", "Two tasks"), after]);
  expect(all).toEqual([question, between, reply, answer, after]);
});

it("takes the same words said again for the later ones", () => {
  const shown = [message("user", "undo"), message("assistant", "Undone")];
  const first = [told("user", "undo"), told("assistant", "Undone")];
  expect(merged(shown, [...first, told("user", "undo"), told("assistant", "Undone")])).toEqual([...first, ...shown]);
});

it("knows a long message by its beginning, and leaves out what was not sent", () => {
  const long = message("user", "x".repeat(3000));
  const failed = message("user", "later", { state: "failed" });
  expect(merged([long, failed], [told("user", `${"x".repeat(1990)}…`)])).toEqual([long]);
});

it("shows what was undone elsewhere, once", () => {
  const [done, mine] = [message("assistant", "Added milk", { undo: "a" }), message("assistant", "Added bread", { undo: "b", undoState: "done" })];
  const all = merged([done, mine], [told("assistant", "Added milk", { undoState: "done" }), told("assistant", "Added bread", { undoState: "done" })]);
  expect(all).toEqual([{ ...done, undoState: "done" }, mine]);
  expect(all[1]).toBe(mine);
});
