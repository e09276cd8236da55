/** Runs what keeps a person's data here and at the server the same, while they are signed in. */
import { ApiProblem } from "@/api/client";
import { Database, forget } from "./database";
import { Live } from "./live";
import { catchUp } from "./load";
import { Outbox } from "./outbox";
import { clearInbox, refreshInbox, showInbox } from "./notifications";
import { NOTHING, Replica, type Told } from "./replica";
import { server } from "./server";
import { accessToken, accountErased } from "./session";
import { setRunning, show, useLink } from "./state";
import { type Channel, hasLocks, openChannel, tabId } from "./tabs";
import type { Task, User } from "./types";
import { announce, type UpdateEvent } from "./updates";

/** What a tab tells the others of this person. */
type Message = { type: "told"; told: Told } | { type: "who" } | { type: "here"; tab: string };

/** While nothing comes live, what is new is asked for this often at most. */
const POLL_AFTER = 30_000;
const RETRY_AFTER = 10_000;
/** How long changes that were not sent wait for the live connection. */
const LIVE_WITHIN = 2_000;
/** How long the other tabs have to say that they are there. */
const ROLL_CALL = 300;

class Engine {
  readonly replica: Replica;
  readonly outbox: Outbox;
  private readonly channel: Channel<Message>;
  private readonly tabs = new Set<string>();
  private live: Live | null = null;
  /** The tasks here are all there are. */
  private isWhole = false;
  private newest: string | null = null;
  private loading: Promise<void> | null = null;
  private isAskedAgain = false;
  private lastLoad = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private sending: ReturnType<typeof setTimeout> | undefined;
  private readonly stop = new AbortController();

  constructor(
    readonly userId: string,
    private readonly database: Database,
  ) {
    this.channel = openChannel<Message>(`todo-${userId}`, (message) => {
      if (message.type === "told") void this.replica.hear(message.told);
      else if (message.type === "who") this.channel.post({ type: "here", tab: tabId });
      else this.tabs.add(message.tab);
    });
    this.replica = new Replica(userId, database, show, (told) => this.channel.post({ type: "told", told }));
    this.outbox = new Outbox(this.replica, server, (change) => change.tab === tabId, reportProblem);
  }

  /** Shows what this device keeps; gives the profile. */
  async load(): Promise<User | null> {
    const meta = await this.replica.load();
    this.newest = typeof meta.newest === "string" ? meta.newest : null;
    this.isWhole = this.newest !== null;
    showInbox(meta.inbox);
    return (meta.user as User | undefined) ?? null;
  }

  begin(): void {
    setRunning({ replica: this.replica, outbox: this.outbox });
    useLink.setState({ state: "connecting", loading: !this.isWhole, error: null });
    const { signal } = this.stop;
    window.addEventListener("online", () => this.wake(), { signal });
    window.addEventListener("offline", () => this.live?.sleep(), { signal });
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.wake(), { signal });
    this.live = new Live(
      {
        token: accessToken,
        socket: () => new WebSocket(new URL("/api/ws", location.href.replace(/^http/, "ws")), "todo.v1"),
        stream: (token, after, signal) =>
          fetch("/api/stream", {
            headers: { Accept: "text/event-stream", Authorization: `Bearer ${token}`, ...(after ? { "Last-Event-ID": after } : {}) },
            cache: "no-store",
            signal,
          }),
        update: (event, id) => void this.update(event, id),
        reload: (id) => this.reload(id),
        state: (state) => this.linked(state),
        erased: accountErased,
      },
      this.newest,
    );
    this.live.start();
    if (!this.isWhole) this.readAll();
    void this.adopt().then(() => this.sendSoon());
  }

  /** Where tabs cannot take turns, each sends its own changes; those of tabs that are closed are anybody's. */
  private async adopt(): Promise<void> {
    if (hasLocks() || this.replica.state.changes.length === 0) return;
    this.channel.post({ type: "who" });
    await new Promise((resolve) => setTimeout(resolve, ROLL_CALL));
    await this.replica.edit((changes) => changes.map((change) => (this.tabs.has(change.tab) ? change : { ...change, tab: tabId })));
  }

  private wake(): void {
    this.live?.wake();
    this.sendSoon();
  }

  /** Sends when the live connection stands, which shows what became of changes whose answers were lost; or does not come. */
  private sendSoon(): void {
    clearTimeout(this.sending);
    this.sending = setTimeout(() => this.outbox.kick(), LIVE_WITHIN);
  }

  private async update(event: UpdateEvent, id: string | null): Promise<void> {
    this.newest = id ?? this.newest;
    const { event_type, task_id, update_data } = event;
    const meta = this.isWhole ? { newest: this.newest } : {};
    if (event_type !== "notification" && isTask(update_data)) {
      if (event_type === "task_deleted") await this.replica.receive([], [{ id: task_id, version: update_data.version }], meta);
      else await this.replica.receive([update_data], [], meta);
    } else await this.replica.remember(meta);
    announce(event);
  }

  /** What was missed is not known. */
  private reload(id: string): void {
    this.newest = id;
    this.isWhole = false;
    void this.replica.remember({ newest: null });
    this.readAll();
    void refreshInbox().catch(() => {});
  }

  /** Reads all that is new; once more where it is asked for while it does. */
  private readAll(): void {
    clearTimeout(this.retry);
    this.isAskedAgain = true;
    this.loading ??= this.reading().finally(() => {
      this.loading = null;
    });
  }

  private async reading(): Promise<void> {
    while (this.isAskedAgain && !this.stop.signal.aborted) {
      this.isAskedAgain = false;
      this.lastLoad = Date.now();
      const { newest } = this;
      try {
        await catchUp(this.replica);
        if (newest !== null && !this.isAskedAgain) {
          this.isWhole = true;
          await this.replica.remember({ newest: this.newest });
        }
        useLink.setState(({ state }) => ({ loading: false, error: null, state: state === "offline" ? "connecting" : state }));
      } catch (error) {
        const problem = error instanceof ApiProblem ? error : new ApiProblem(0, "This device cannot keep its tasks");
        reportProblem(problem);
        useLink.setState(({ state }) => ({ loading: false, state: problem.status === 0 && state !== "live" ? "offline" : state }));
        if (!this.stop.signal.aborted) this.retry = setTimeout(() => this.readAll(), problem.retryAfter ?? RETRY_AFTER);
      }
    }
  }

  private linked(state: "live" | "connecting" | "offline"): void {
    if (state !== "connecting" && navigator.onLine) this.outbox.kick();
    if (state !== "offline") return useLink.setState((link) => ({ state: state === "connecting" && link.state === "offline" ? "offline" : state }));
    if (!navigator.onLine) return useLink.setState({ state });
    useLink.setState({ state: "connecting" });
    const isSeen = document.visibilityState === "visible";
    if (isSeen && Date.now() - this.lastLoad > POLL_AFTER) this.readAll();
  }

  async remember(user: User): Promise<void> {
    await this.replica.remember({ user });
  }

  close(): void {
    this.stop.abort();
    clearTimeout(this.retry);
    clearTimeout(this.sending);
    this.live?.close();
    this.outbox.close();
    this.channel.close();
    this.database.close();
  }
}

function reportProblem(problem: ApiProblem | null): void {
  useLink.setState({ error: problem && problem.status !== 0 && problem.status !== 401 ? problem.detail : null });
}

function isTask(data: unknown): data is Task {
  const task = data as Partial<Task> | null;
  return typeof task === "object" && task !== null && typeof task.id === "string" && typeof task.version === "number" && typeof task.title === "string";
}

let current: { userId: string; engine: Promise<Engine>; stored: Promise<User | null>; isBegun: boolean } | null = null;

function engineOf(userId: string) {
  if (current?.userId !== userId) {
    if (current) void close(current.userId);
    const engine = Database.open(userId).then((database) => new Engine(userId, database));
    current = { userId, engine, stored: engine.then((engine) => engine.load()), isBegun: false };
  }
  return current;
}

/** The person as this device knows them, with their tasks on the screen; null where it keeps nothing. */
export const stored = (userId: string): Promise<User | null> => engineOf(userId).stored;

/** The person is signed in, or their profile changed. Resolves when there is something to show and to change. */
export async function begin(user: User): Promise<void> {
  const entry = engineOf(user.id);
  await entry.stored;
  const engine = await entry.engine;
  if (current !== entry) return;
  void engine.remember(user);
  if (entry.isBegun) return;
  entry.isBegun = true;
  engine.begin();
}

/** Stops; what is kept of the person stays. */
export async function close(userId: string): Promise<void> {
  if (current?.userId !== userId) return;
  const { engine } = current;
  current = null;
  setRunning(null);
  show(NOTHING);
  clearInbox();
  (await engine).close();
}

/** The person signed out: what is kept of them goes. */
export async function end(userId: string): Promise<void> {
  await close(userId);
  await forget(userId);
}
