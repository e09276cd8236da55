import { describe, expect, it } from "vitest";
import { nextPath } from "./next";

const from = (next: string) => nextPath({ search: `?next=${encodeURIComponent(next)}`, origin: "https://todo.example" });

describe("nextPath", () => {
  it("keeps a path of this page with its query and fragment", () => {
    expect(from("/tasks?task=1#end")).toBe("/tasks?task=1#end");
  });

  it.each(["//evil.example/", "/\\evil.example", "/\t/evil.example", "https://evil.example/", "javascript:alert(1)", "tasks", "", "/login", "/register?next=/login", "//"])(
    "does not follow %j",
    (next) => expect(from(next)).toBe("/"),
  );

  it("goes to the first view where nothing is asked for", () => {
    expect(nextPath({ search: "", origin: "https://todo.example" })).toBe("/");
  });
});
