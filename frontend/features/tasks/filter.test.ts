import { isValidElement, type ReactNode } from "react";
import { describe, expect, test } from "vitest";
import type { Task } from "@/sync/tasks";
import { standing, tasksOfDay } from "./day";
import { type Filter, filtered, filterOf, NO_FILTER, queryOf } from "./filter";
import { highlighted, snippet } from "./search";

const NOW = Date.parse("2026-11-23T12:00:00Z");
const ZONE = "Europe/Berlin";
let made = 0;
const task = (values: Partial<Task>): Task => ({
  id: `task-${++made}`,
  user_id: "me",
  title: "Task",
  description: null,
  status: "pending",
  priority: "medium",
  due_date: null,
  reminders: [],
  tags: [],
  recurrence_pattern: null,
  recurrence_from: "due_date",
  created_at: "2026-11-01T00:00:00Z",
  updated_at: "2026-11-01T00:00:00Z",
  completed_at: null,
  version: 1,
  ...values,
});
const titles = (tasks: Task[]) => tasks.map((each) => each.title).join(" ");
const find = (tasks: Task[], filter: Partial<Filter>) => titles(filtered(tasks, { ...NO_FILTER, ...filter }, NOW, ZONE));

/** What is drawn, with what is marked in brackets. */
function drawn(node: ReactNode): string {
  if (Array.isArray(node)) return node.map(drawn).join("");
  if (!isValidElement<{ children: ReactNode }>(node)) return String(node ?? "");
  return node.type === "mark" ? `[${drawn(node.props.children)}]` : drawn(node.props.children);
}

describe("the filter", () => {
  test("comes back from the address as it went there", () => {
    const filter: Filter = { q: "a & b", status: "completed", priority: ["urgent", "low"], tag: ["home", "c++"], due: "week", sort: "title", descending: true };
    expect(filterOf(new URLSearchParams(queryOf(filter)))).toEqual(filter);
    expect(queryOf(NO_FILTER)).toBe("");
    expect(filterOf(new URLSearchParams("status=x&due=y&sort=-z&priority=p"))).toEqual({ ...NO_FILTER, descending: true });
  });

  test("knows due dates by the person's day", () => {
    const tasks = [
      task({ title: "late", due_date: "2026-11-22T12:00:00Z" }),
      task({ title: "midnight", due_date: "2026-11-22T23:00:00Z" }),
      task({ title: "evening", due_date: "2026-11-23T22:59:00Z" }),
      task({ title: "tomorrow", due_date: "2026-11-23T23:00:00Z" }),
      task({ title: "someday" }),
      task({ title: "done", status: "completed", due_date: "2026-11-22T12:00:00Z" }),
    ];
    expect(find(tasks, { due: "overdue", status: "all" })).toBe("late midnight");
    expect(find(tasks, { due: "today" })).toBe("midnight evening");
    expect(find(tasks, { due: "none" })).toBe("someday");
    expect(find(tasks, { status: "completed" })).toBe("done");
    const day = tasksOfDay(tasks, "2026-11-23", ZONE);
    expect([titles(day.overdue), titles(day.today)]).toEqual(["late", "midnight evening"]);
    expect(standing(day, NOW, ZONE)).toBe("2 to do. 1 overdue.");
  });

  test("sorts both ways, what has no date last", () => {
    const tasks = [task({ title: "none" }), task({ title: "b", due_date: "2026-12-02T00:00:00Z" }), task({ title: "a", due_date: "2026-12-01T00:00:00Z" })];
    expect(find(tasks, {})).toBe("a b none");
    expect(find(tasks, { descending: true })).toBe("b a none");
    expect(find(tasks, { sort: "title" })).toBe("a b none");
  });

  test("finds every word, in title, tags and description, whatever the accents", () => {
    const tasks = [task({ title: "Café", description: "with Ana" }), task({ title: "Tea", tags: ["cafe"] })];
    expect(find(tasks, { q: "cafe" })).toBe("Café Tea");
    expect(find(tasks, { q: "CAFÉ ana" })).toBe("Café");
    expect(find(tasks, { q: "#caf" })).toBe("Tea");
  });
});

describe("what was found", () => {
  test("is marked in the text as it is", () => {
    expect(drawn(highlighted("Café crème, e\u0301tude", ["cafe", "etu"]))).toBe("[Café] crème, [e\u0301tu]de");
    expect(drawn(highlighted("aaa", ["a", "aa"]))).toBe("[a][a][a]");
    expect(drawn(highlighted("İstanbul 🎉 party", ["party"]))).toBe("İstanbul 🎉 [party]");
  });

  test("in a snippet of the server is text, not markup", () => {
    expect(drawn(snippet("a &lt;b&gt; <mark>c &amp; d</mark> <img src=x> &amp;lt;"))).toBe("a <b> [c & d] <img src=x> &lt;");
    expect(drawn(snippet("<mark>open"))).toBe("<mark>open");
  });
});
