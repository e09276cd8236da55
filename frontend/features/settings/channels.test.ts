import { describe, expect, it } from "vitest";
import { arranged, moved } from "./channels";

describe("channels", () => {
  it("shows those in use in their order, then the others, each once", () => {
    expect(arranged(["sms", "in_app", "push"])).toEqual(["sms", "in_app", "push", "email"]);
    expect(arranged([])).toEqual(["in_app", "push", "email", "sms"]);
  });

  it("moves one within those in use, or adds it", () => {
    expect(moved(["push", "email", "in_app"], "in_app", 0)).toEqual(["in_app", "push", "email"]);
    expect(moved(["push", "email", "in_app"], "push", 2)).toEqual(["email", "in_app", "push"]);
    expect(moved(["push", "in_app"], "sms", 1)).toEqual(["push", "sms", "in_app"]);
  });
});
