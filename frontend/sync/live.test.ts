import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { compareIds, type Host, Live, type Token } from "./live";
import { readEvents } from "./events";
import type { UpdateEvent } from "./updates";

/** The browser's class, with the test at the other end. */
class Socket {
  static readonly OPEN = 1;
  static all: Socket[] = [];
  readyState = 0;
  sent: { type: string; [key: string]: unknown }[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;

  constructor() {
    Socket.all.push(this);
  }
  send(text: string) {
    this.sent.push(JSON.parse(text) as { type: string });
  }
  close() {
    this.readyState = 3;
  }
  open() {
    this.readyState = 1;
    this.onopen?.();
  }
  say(message: object) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  end(code: number) {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

const event = (id: string): UpdateEvent => ({ event_type: "task_updated", task_id: id, user_id: "u", timestamp: "2026-01-01T00:00:00Z", update_data: {} });
const update = (id: string, prev: string) => ({ type: "update", id, prev, event_id: `e${id}`, event: event(id) });
const flush = () => vi.advanceTimersByTimeAsync(0);
const latest = (): Socket => Socket.all.at(-1) as Socket;

function begin(newest: string | null, lifetime = 900_000) {
  const told = { updates: [] as [string, string | null][], reloads: [] as string[], states: [] as string[], refused: [] as (string | undefined)[], erased: 0, after: [] as (string | null)[] };
  let tokens = 0;
  let answer: () => Response = () => new Response(null, { status: 404 });
  const host: Host = {
    token: async (refused): Promise<Token> => {
      told.refused.push(refused);
      if (refused !== undefined || tokens === 0) tokens += 1;
      return { value: `t${tokens}`, expiresAt: Date.now() + lifetime };
    },
    socket: () => new Socket() as unknown as WebSocket,
    stream: async (_token, after) => {
      told.after.push(after);
      return answer();
    },
    update: (event, id) => told.updates.push([event.task_id, id]),
    reload: (id) => told.reloads.push(id),
    state: (state) => told.states.push(state),
    erased: () => (told.erased += 1),
  };
  const live = new Live(host, newest);
  live.start();
  return { live, told, stream: (response: () => Response) => (answer = response) };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", Socket);
  Socket.all = [];
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("the live connection", () => {
  it("signs in, resumes, and follows", async () => {
    const { live, told } = begin("4");
    await flush();
    latest().open();
    latest().say({ type: "subscribed", expires_at: "2026-01-01T00:00:00Z" });
    expect(latest().sent).toEqual([
      { type: "auth", token: "t1" },
      { type: "resume", after: "4" },
    ]);
    latest().say(update("5", "4"));
    latest().say(update("6", "5"));
    expect(told.states).toEqual(["connecting"]);
    latest().say({ type: "ready", id: "6" });
    latest().say(update("9", "6"));
    latest().say(update("9", "6"));
    expect(told.updates).toEqual([
      ["5", "5"],
      ["6", "6"],
      ["9", "9"],
    ]);
    expect(told.reloads).toEqual([]);
    expect(told.states).toEqual(["connecting", "live"]);
    live.close();
  });

  it("asks once for what is missing, and takes it", async () => {
    const { live, told } = begin("9");
    await flush();
    latest().open();
    latest().say({ type: "subscribed" });
    latest().say({ type: "ready", id: "9" });
    latest().say(update("12", "11"));
    latest().say(update("13", "12"));
    expect(latest().sent.slice(2)).toEqual([{ type: "resume", after: "9" }]);
    expect(told.updates.map(([, newest]) => newest)).toEqual(["9", "9"]);
    for (const [id, prev] of [["10", "9"], ["11", "10"], ["12", "11"], ["13", "12"]] as const) latest().say(update(id, prev));
    latest().say({ type: "ready", id: "13" });
    expect(told.updates.at(-1)).toEqual(["13", "13"]);
    latest().say(update("20", "13"));
    expect(told.updates.at(-1)).toEqual(["20", "20"]);
    live.close();
  });

  it("has all read anew where nothing was known, or not enough", async () => {
    const { live, told } = begin(null);
    await flush();
    latest().open();
    latest().say({ type: "subscribed" });
    expect(latest().sent.at(-1)).toEqual({ type: "resume", after: null });
    latest().say({ type: "ready", id: "0" });
    latest().say({ type: "reload", id: "30" });
    latest().say({ type: "ready", id: "30" });
    expect(told.reloads).toEqual(["0", "30"]);
    live.close();
  });

  it("renews its token before that expires, without subscribing anew", async () => {
    const { live, told } = begin("1", 60_000);
    await flush();
    latest().open();
    latest().say({ type: "subscribed" });
    latest().say({ type: "ready", id: "1" });
    await vi.advanceTimersByTimeAsync(20_000);
    latest().say({ type: "subscribed" });
    expect(latest().sent.map(({ type }) => type)).toEqual(["auth", "resume", "auth"]);
    expect(latest().sent.at(-1)).toEqual({ type: "auth", token: "t2" });
    expect(told.refused).toEqual([undefined, "t1"]);
    live.close();
  });

  it("connects with another token where one is not taken", async () => {
    const { live, told } = begin("1");
    await flush();
    latest().open();
    latest().end(4401);
    await vi.advanceTimersByTimeAsync(1_500);
    expect(Socket.all).toHaveLength(2);
    expect(told.refused).toEqual([undefined, "t1"]);
    live.close();
  });

  it("pings, and gives a silent connection up", async () => {
    const { live, told } = begin("1");
    await flush();
    const [first] = Socket.all as [Socket];
    first.open();
    first.say({ type: "subscribed" });
    first.say({ type: "ready", id: "1" });
    await vi.advanceTimersByTimeAsync(26_000);
    expect(first.sent.at(-1)).toEqual({ type: "ping" });
    first.say({ type: "pong" });
    await vi.advanceTimersByTimeAsync(20_000);
    first.say({ type: "update", id: "2", prev: "1", event: {} });
    await vi.advanceTimersByTimeAsync(30_000);
    // What came behind it may have been dropped.
    expect(first.sent.at(-1)).toEqual({ type: "resume", after: "2" });
    first.say({ type: "ready", id: "2" });
    await vi.advanceTimersByTimeAsync(30_000);
    expect(first.sent.at(-1)).toEqual({ type: "ping" });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(first.readyState).toBe(3);
    expect(told.states).toContain("offline");
    expect(Socket.all.length).toBeGreaterThan(1);
    live.close();
  });

  it("backs off, and comes at once when it is woken", async () => {
    const { live } = begin("1");
    for (let attempt = 1; attempt <= 6; attempt += 1) {
      await flush();
      latest().end(1006);
      await vi.advanceTimersByTimeAsync(attempt < 6 ? 60_000 : 0);
    }
    const count = Socket.all.length;
    await vi.advanceTimersByTimeAsync(400);
    expect(Socket.all).toHaveLength(count);
    live.wake();
    await flush();
    expect(Socket.all).toHaveLength(count + 1);
    live.close();
  });

  it("ends with the account", async () => {
    const { told } = begin("1");
    await flush();
    latest().open();
    latest().end(4409);
    await flush();
    expect(told.erased).toBe(1);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(Socket.all).toHaveLength(1);
  });

  it("uses a stream where a WebSocket cannot be opened twice", async () => {
    const { live, told, stream } = begin("7");
    const body = `: hello\n\nid: 8\nevent: update\ndata: ${JSON.stringify(update("8", "7"))}\n\nid: 8\nevent: ready\ndata: {"type":"ready","id":"8"}\n\n`;
    stream(() => new Response(body));
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await flush();
      latest().end(1006);
      await vi.advanceTimersByTimeAsync(5_000);
    }
    expect(Socket.all).toHaveLength(2);
    expect(told.after[0]).toBe("7");
    expect(told.updates).toEqual([["8", "8"]]);
    expect(told.states).toContain("live");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(told.after[1]).toBe("8");
    live.close();
  });

  it("is not upset by what is no message", async () => {
    const { live, told } = begin("1");
    await flush();
    latest().open();
    for (const data of ["", "[", "null", "7", "{}", '{"type":"update"}', '{"type":"update","id":"2","prev":"1","event":null}', '{"type":"ready"}', '{"type":"new"}']) {
      latest().onmessage?.({ data });
    }
    expect(told.updates).toEqual([]);
    expect(told.states).toEqual(["connecting"]);
    live.close();
  });
});

describe("ids and events", () => {
  it("orders ids as decimal numbers", () => {
    expect(compareIds("9", "10")).toBeLessThan(0);
    expect(compareIds("9223372036854775807", "9223372036854775806")).toBeGreaterThan(0);
    expect(compareIds("5", "5")).toBe(0);
  });

  it("reads events however they are cut up", async () => {
    const bytes = new TextEncoder().encode('id: 1\r\ndata: {"a":"ü"}\r\n\r\n: comment\n\ndata: x\ndata:y\n\n');
    for (let size = 1; size <= bytes.length; size += 1) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.slice(index * size, (index + 1) * size));
      const events: string[] = [];
      for await (const data of readEvents(new Response(new Blob(chunks)).body as ReadableStream<Uint8Array>, () => {})) events.push(data);
      expect(events).toEqual(['{"a":"ü"}', "x\ny"]);
    }
  });
});
