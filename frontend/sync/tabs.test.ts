/** Tabs of one browser: the whole of `sync` twice, with a server at the other end of `fetch`. */
import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Model, USER } from "./model";
import type { Change } from "./types";

const PASSWORD = "correct horse battery staple";

/** The routes that are used, over the model; one cookie jar, as a browser has. */
class Site {
  model = new Model();
  cookie: string | null = null;
  private sessions = 0;
  private isRevoked = false;
  access = new Set<string>();
  refreshes = 0;
  logouts = 0;
  isDown = false;
  lifetime = 900;
  keys: string[] = [];
  /** The requests that marked notifications. */
  marks: string[] = [];

  private signedIn(status: number): Response {
    this.sessions += 1;
    this.cookie = `refresh-${this.sessions}`;
    this.access.add(`access-${this.sessions}`);
    const user = { id: USER, email: "a@example.com", username: "A", timezone: "UTC", updated_at: "2026-01-01T00:00:00Z" };
    return Response.json({ user, access_token: `access-${this.sessions}`, refresh_token: null, expires_in: this.lifetime }, { status });
  }

  fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    const { pathname, searchParams } = new URL(request.url);
    const sent = this.cookie;
    await new Promise((resolve) => setTimeout(resolve, 2));
    if (this.isDown) throw new TypeError("fetch failed");
    if (pathname === "/api/auth/login") {
      const { password, session } = (await request.json()) as { password: string; session: string };
      expect(session).toBe("cookie");
      this.isRevoked = false;
      return password === PASSWORD ? this.signedIn(200) : Response.json({ detail: "Unknown address or wrong password" }, { status: 401 });
    }
    if (pathname === "/api/auth/refresh") {
      this.refreshes += 1;
      // A refresh token that comes a second time revokes its family.
      if (sent !== this.cookie) this.isRevoked = true;
      return sent && !this.isRevoked ? this.signedIn(200) : Response.json({ detail: "Unknown, used, revoked or expired" }, { status: 401 });
    }
    const token = request.headers.get("Authorization")?.replace("Bearer ", "") ?? "";
    if (!this.access.has(token)) return Response.json({ detail: "No access token" }, { status: 401 });
    if (pathname === "/api/auth/logout") {
      this.logouts += 1;
      this.cookie = null;
      this.access.clear();
      return new Response(null, { status: 204 });
    }
    const id = pathname.split("/")[3] ?? "";
    const body = request.method === "GET" ? null : await request.text();
    const change = {
      id: request.headers.get("Idempotency-Key") ?? "",
      taskId: id,
      base: Number(request.headers.get("If-Match")?.replaceAll('"', "")),
      patch: body ? JSON.parse(body) : {},
      madeAt: "2026-01-01T00:00:00Z",
    } as Change;
    const { server } = this.model;
    try {
      if (pathname === "/api/notifications") {
        const [{ notifications }, limit] = [this.model, Number(searchParams.get("limit"))];
        const next_cursor = notifications.length > limit ? "next" : null;
        return Response.json({ notifications: notifications.slice(0, limit), unread: this.model.unread().length, next_cursor });
      }
      if (pathname.startsWith("/api/notifications/")) {
        this.marks.push(pathname);
        await server.markRead({ ...change, until: searchParams.get("until") ?? undefined });
        return Response.json({});
      }
      if (pathname === "/api/tasks" && request.method === "POST") {
        this.keys.push(change.id);
        const { createdTaskId } = await import("./ids");
        return Response.json(await server.create({ ...change, taskId: createdTaskId(USER, change.id) }), { status: 201 });
      }
      if (pathname === "/api/tasks") {
        const tasks = [...this.model.tasks.values()].filter(({ status }) => searchParams.getAll("status").includes(status));
        const offset = Number(searchParams.get("offset"));
        return Response.json({ tasks: tasks.slice(offset, offset + Number(searchParams.get("limit"))), total: tasks.length });
      }
      if (request.method === "PATCH") return Response.json(await server.update(change));
      if (request.method === "DELETE") return new Response(null, { status: (await server.delete(change), 204) });
      if (pathname.startsWith("/api/tasks/")) return Response.json(await server.read(id));
    } catch (error) {
      const { status, detail, errors } = error as { status: number; detail: string; errors: unknown };
      return Response.json({ detail, errors }, { status });
    }
    return Response.json({ detail: "Not found" }, { status: 404 });
  };
}

/** Locks as the Web Locks API queues them. */
function locks() {
  const tails = new Map<string, Promise<unknown>>();
  return {
    request: (name: string, work: () => Promise<unknown>) => {
      const turn = (tails.get(name) ?? Promise.resolve()).catch(() => {}).then(work);
      tails.set(name, turn);
      return turn;
    },
  };
}

let site: Site;
let kept: Map<string, string>;
const channels: BroadcastChannel[] = [];
let closings: (() => Promise<void>)[] = [];

/** Closes all tabs; the browser keeps what it has. */
async function closeTabs() {
  for (const close of closings.splice(0)) await close();
  for (const channel of channels.splice(0)) channel.close();
}

/** The module graph anew: another tab. */
async function openTab() {
  vi.resetModules();
  const session = await import("./session");
  const tasks = await import("./tasks");
  const state = await import("./state");
  const connection = await import("./connection");
  const notifications = await import("./notifications");
  const marks = await import("./marks");
  const { close } = await import("./engine");
  closings.push(() => close(USER));
  await session.start();
  // What it loads is of this graph.
  await vi.dynamicImportSettled();
  return { ...session, ...tasks, ...state, ...connection, ...notifications, ...marks, titles: () => state.useData.getState().list.map(({ title }) => title).sort() };
}

const eventually = (check: () => void) => vi.waitFor(check, { timeout: 2_000, interval: 5 });

beforeEach(() => {
  site = new Site();
  kept = new Map();
  const page = Object.assign(new EventTarget(), { visibilityState: "visible" });
  vi.stubGlobal("window", page);
  vi.stubGlobal("document", page);
  vi.stubGlobal("location", { origin: "http://todo.test", href: "http://todo.test/" });
  vi.stubGlobal("navigator", { onLine: true, locks: locks() });
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
  vi.stubGlobal("fetch", site.fetch);
  const Channel = BroadcastChannel;
  vi.stubGlobal(
    "BroadcastChannel",
    class extends Channel {
      constructor(name: string) {
        super(name);
        channels.push(this);
      }
    },
  );
  vi.stubGlobal("WebSocket", class {
    static OPEN = 1;
    readyState = 0;
    onclose: ((event: { code: number }) => void) | null = null;
    constructor() {
      setTimeout(() => this.onclose?.({ code: 1006 }), 1);
    }
    close() {}
    send() {}
  });
});

afterEach(async () => {
  await closeTabs();
  await (await import("./database")).forget(USER);
  vi.unstubAllGlobals();
});

describe("a session", () => {
  it("begins in all tabs, keeps no secret, and ends in all", async () => {
    const [a, b] = [await openTab(), await openTab()];
    expect(a.session().status).toBe("signed-out");
    await expect(a.signIn("a@example.com", "wrong")).rejects.toMatchObject({ status: 401 });
    await a.signIn("a@example.com", PASSWORD);
    expect([...kept]).toEqual([["todo-session", USER]]);
    await eventually(() => expect(b.session()).toMatchObject({ status: "signed-in", user: { id: USER } }));
    await b.signOut();
    await eventually(() => expect(a.session().status).toBe("signed-out"));
    expect(kept.size).toBe(0);
    expect(site.logouts).toBe(1);
  });

  it.each([true, false])("is renewed once for tabs that start together (locks: %s)", async (hasLocks) => {
    const first = await openTab();
    await first.signIn("a@example.com", PASSWORD);
    await closeTabs();
    if (!hasLocks) vi.stubGlobal("navigator", { onLine: true });
    site.access.clear();
    const [a, b] = await Promise.all([openTab(), openTab()]);
    await eventually(() => expect([a.session().status, b.session().status]).toEqual(["signed-in", "signed-in"]));
    expect(await a.accessToken()).toEqual(await b.accessToken());
    expect(site.refreshes).toBe(1);
  });

  it("is renewed where a token is not taken, and once", async () => {
    const tab = await openTab();
    await tab.signIn("a@example.com", PASSWORD);
    await eventually(() => expect(tab.useLink.getState().loading).toBe(false));
    site.access.clear();
    const { answer, todo } = await import("@/api/client");
    const calls = Array.from({ length: 5 }, () => answer(todo.GET("/api/tasks", { params: { query: { limit: 1 } } })));
    expect(await Promise.all(calls)).toHaveLength(5);
    expect(site.refreshes).toBe(1);
  });

  it("ends where it was revoked", async () => {
    const tab = await openTab();
    await tab.signIn("a@example.com", PASSWORD);
    await eventually(() => expect(tab.useLink.getState().loading).toBe(false));
    site.access.clear();
    site.cookie = null;
    const { answer, todo } = await import("@/api/client");
    await expect(answer(todo.GET("/api/tags"))).rejects.toMatchObject({ status: 401 });
    expect(tab.session().status).toBe("signed-out");
    expect([...kept.values()]).toEqual([`kept:${USER}`]);
    expect(await indexedDB.databases()).toHaveLength(1);
  });

  it("that ended without the network ends at the server when it is back", async () => {
    const tab = await openTab();
    await tab.signIn("a@example.com", PASSWORD);
    site.isDown = true;
    await tab.signOut();
    expect(tab.session().status).toBe("signed-out");
    expect([...kept.values()]).toEqual(["leaving"]);
    site.isDown = false;
    const next = await openTab();
    expect(next.session().status).toBe("signed-out");
    expect(site.logouts).toBe(1);
    expect(kept.size).toBe(0);
  });
});

describe("tasks in tabs", () => {
  it("are loaded, changed and seen in both", async () => {
    for (let index = 0; index < 150; index += 1) site.model.elsewhere.create(`00000000-0000-4000-8000-${String(index).padStart(12, "0")}`, { title: `t${index}` });
    const [a, b] = [await openTab(), await openTab()];
    await a.signIn("a@example.com", PASSWORD);
    await eventually(() => expect(b.useData.getState().list).toHaveLength(150));
    const id = a.createTask({ title: "mine" });
    expect(a.useData.getState().view.get(id)).toMatchObject({ title: "mine", version: 0 });
    expect(a.unsentChanges()).toBe(1);
    await eventually(() => expect(b.useData.getState().view.get(id)).toMatchObject({ title: "mine", version: 1 }));
    b.updateTask(id, { title: "ours" });
    a.updateTask(id, { priority: "high" });
    await eventually(() => expect(site.model.tasks.get(id)).toMatchObject({ title: "ours", priority: "high", version: 3 }));
    await eventually(() => expect([a.unsentChanges(), b.unsentChanges()]).toEqual([0, 0]));
    expect(site.keys).toHaveLength(1);
  });

  it("stay readable without the network, with changes that are sent when it is back", async () => {
    site.model.elsewhere.create("00000000-0000-4000-8000-000000000001", { title: "there" });
    const before = await openTab();
    await before.signIn("a@example.com", PASSWORD);
    await eventually(() => expect(before.titles()).toEqual(["there"]));
    await eventually(() => expect(before.useLink.getState().loading).toBe(false));
    await closeTabs();

    site.isDown = true;
    let tab = await openTab();
    expect(tab.session()).toMatchObject({ status: "signed-in", user: { username: "A" } });
    await eventually(() => expect(tab.titles()).toEqual(["there"]));
    tab.createTask({ title: "offline" });
    tab.updateTask("00000000-0000-4000-8000-000000000001", { title: "changed" });
    await eventually(() => expect(tab.unsentChanges()).toBe(2));
    await eventually(() => expect(tab.useLink.getState().state).toBe("offline"));
    await closeTabs();

    tab = await openTab();
    await eventually(() => expect(tab.titles()).toEqual(["changed", "offline"]));
    site.isDown = false;
    window.dispatchEvent(new Event("online"));
    await eventually(() => expect(tab.unsentChanges()).toBe(0));
    expect([...site.model.tasks.values()].map(({ title }) => title).sort()).toEqual(["changed", "offline"]);
    expect(Math.max(...site.model.effects.values())).toBe(1);
  });

  it("of who signed out are not kept", async () => {
    site.model.elsewhere.create("00000000-0000-4000-8000-000000000001", { title: "there" });
    const tab = await openTab();
    await tab.signIn("a@example.com", PASSWORD);
    await eventually(() => expect(tab.titles()).toEqual(["there"]));
    await tab.signOut();
    await eventually(() => expect(tab.titles()).toEqual([]));
    await vi.waitFor(async () => expect(await indexedDB.databases()).toEqual([]));
  });
});

describe("notifications in tabs", () => {
  /** Signed in, with these in the inbox. */
  async function begin(...ids: string[]) {
    for (const id of ids) site.model.remind(id);
    const tab = await openTab();
    await tab.signIn("a@example.com", PASSWORD);
    await tab.refreshInbox();
    expect(tab.inbox().unread).toBe(ids.length);
    return tab;
  }
  const readIn = ({ inbox }: Awaited<ReturnType<typeof openTab>>) => inbox().notifications.filter(({ read_at }) => read_at).map(({ id }) => id);

  it("are read at once without the network and after a restart, and at the server when it is back", async () => {
    const before = await begin("n1", "n2", "n3");
    site.isDown = true;
    before.markRead("n2");
    expect([before.inbox().unread, readIn(before)]).toEqual([2, ["n2"]]);
    before.markAllRead();
    expect([before.inbox().unread, before.unsentChanges()]).toEqual([0, 2]);
    await closeTabs();

    const [a, b] = [await openTab(), await openTab()];
    for (const tab of [a, b]) expect([tab.inbox().unread, readIn(tab)]).toEqual([0, ["n3", "n2", "n1"]]);
    expect(site.model.unread()).toHaveLength(3);
    site.model.remind("n4");
    site.isDown = false;
    window.dispatchEvent(new Event("online"));
    await eventually(() => expect([a.unsentChanges(), b.unsentChanges()]).toEqual([0, 0]));
    expect(site.marks).toEqual(["/api/notifications/n2/read", "/api/notifications/read"]);
    expect(site.model.unread()).toEqual(["n4"]);
    for (const tab of [a, b]) {
      expect(tab.inbox().unread).toBe(0);
      await tab.refreshInbox();
      expect(tab.inbox().unread).toBe(1);
    }
  });

  it("stay read at a start without the network after the server heard of it", async () => {
    const before = await begin("n1", "n2");
    before.markRead("n1");
    await eventually(() => expect(site.model.unread()).toEqual(["n2"]));
    await eventually(() => expect(before.unsentChanges()).toBe(0));
    expect(before.inbox().unread).toBe(1);
    before.markAllRead();
    before.markAllRead();
    await eventually(() => expect(before.unsentChanges()).toBe(0));
    expect([site.model.unread(), site.marks.length]).toEqual([[], 3]);
    await closeTabs();
    site.isDown = true;
    const tab = await openTab();
    expect([tab.inbox().unread, readIn(tab)]).toEqual([0, ["n2", "n1"]]);
  });

  it("that are read are not unread again by an answer from before", async () => {
    // More than a page.
    const tab = await begin(...Array.from({ length: 25 }, (_, index) => `n${index}`));
    let [send, answer] = [() => {}, () => {}];
    const sending = new Promise<void>((resolve) => (send = resolve));
    const answering = new Promise<void>((resolve) => (answer = resolve));
    vi.stubGlobal("fetch", async (request: Request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/api/notifications/read") await sending;
      const response = await site.fetch(request);
      if (pathname === "/api/notifications") await answering;
      return response;
    });
    tab.markAllRead();
    expect(tab.inbox().unread).toBe(0);
    const refreshed = tab.refreshInbox();
    await new Promise((resolve) => setTimeout(resolve, 20));
    send();
    await eventually(() => expect(tab.unsentChanges()).toBe(0));
    expect(site.model.unread()).toEqual([]);
    expect(tab.inbox().unread).toBe(0);
    answer();
    await refreshed;
    expect(tab.inbox().unread).toBe(0);
  });

  it("are unread again for who signs out before the server heard", async () => {
    const tab = await begin("n1");
    site.isDown = true;
    tab.markAllRead();
    expect(tab.unsentChanges()).toBe(1);
    await tab.signOut();
    await vi.waitFor(async () => expect(await indexedDB.databases()).toEqual([]));
    expect(tab.inbox()).toMatchObject({ notifications: [], unread: 0 });
    site.isDown = false;
    await tab.signIn("a@example.com", PASSWORD);
    await tab.refreshInbox();
    expect([tab.inbox().unread, tab.unsentChanges(), site.marks]).toEqual([1, 0, []]);
  });
});
