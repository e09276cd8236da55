import { describe, expect, test } from "vitest";
import { inlineBlocks } from "./inline.mjs";

describe("inlineBlocks", () => {
  test("finds what a browser runs, as it hashes it", () => {
    const html = `<!-- <script>no</script> --><title><script>no</script></title>
      <script>one\r\ntwo</script><SCRIPT TYPE="module" data-a='>'>three</SCRIPT >
      <script type=importmap>{"imports":{}}</script>
      <script src="/a.js">no</script><script type="application/json">no</script>
      <style>p{}</style><textarea><style>no</style></textarea>`;
    expect(inlineBlocks(html)).toEqual({
      scripts: ["one\ntwo", "three", '{"imports":{}}'],
      styles: ["p{}"],
      problems: [],
    });
  });

  test("a script goes on to its own end tag", () => {
    const html = `<script>a = "<style>b</style><p onclick=c>";</script>`;
    expect(inlineBlocks(html)).toEqual({
      scripts: [`a = "<style>b</style><p onclick=c>";`],
      styles: [],
      problems: [],
    });
    expect(() => inlineBlocks("<script><!-- x</script>")).toThrow("<!--");
  });

  test("names what no hash allows", () => {
    const html = `<p style="color: red" data-style="x"><a onClick=go() href="?onload=1">`;
    expect(inlineBlocks(html).problems).toEqual(["the attribute style of <p>", "the attribute onclick of <a>"]);
  });
});
