/** The live connection: a WebSocket, or server-sent events where none can be opened. Messages as in `docs/live.md`. */
import { readEvents } from "./events";
import type { UpdateEvent } from "./updates";

type Message =
  | { type: "subscribed" }
  | { type: "ready" | "reload"; id: string }
  | { type: "update"; id: string; prev: string; event: UpdateEvent }
  | { type: "pong" | "expired" | "error" };

export interface Token {
  value: string;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

/** What the connection is made with, and whom it tells. */
export interface Host {
  /** An access token that is good for a while, another one than `refused`; null where nobody is signed in. */
  token(refused?: string): Promise<Token | null>;
  socket(): WebSocket;
  stream(token: string, after: string | null, signal: AbortSignal): Promise<Response>;
  /** Something changed; `id` is the newest update up to which nothing is missing. */
  update(event: UpdateEvent, id: string | null): void;
  /** What was missed is not known: everything is to be read anew. Everything before `id` has happened. */
  reload(id: string): void;
  state(state: "live" | "connecting" | "offline"): void;
  /** The account is gone. */
  erased(): void;
}

const PING_AFTER = 25_000;
const DEAD_AFTER = 40_000;
const ANSWER_WITHIN = 10_000;
const TICK = 5_000;
/** The connection's token is renewed this long before it expires. */
const EARLY = 45_000;
/** A connection that lasted so long was a good one. */
const STEADY = 10_000;
const [FIRST_WAIT, LONGEST_WAIT] = [1_000, 60_000];
/** After so many WebSockets that could not be opened in a row, a stream is used. */
const SOCKETS = 2;

const [UNAUTHORIZED, ERASED, EXPIRED] = [4401, 4409, 4410];

/** Orders ids, which are decimal numbers of any length. */
export const compareIds = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);

/** What ended a connection. */
type End = "failed" | "unauthorized" | "ended" | "erased";

export class Live {
  private isClosed = false;
  private failures = 0;
  private failedSockets = 0;
  private refused: string | undefined;
  private drop: ((end: End) => void) | null = null;
  private skipWait: (() => void) | null = null;
  private check: (() => void) | null = null;
  private lastHeard = 0;
  /** What was missed is on its way. */
  private isResuming = false;
  /** An update came since the last answer to `resume`: others behind it may have been dropped (docs/live.md, rule 5). */
  private isUnsure = false;

  constructor(
    private readonly host: Host,
    /** The newest update up to which nothing is missing; null before the first. */
    private newest: string | null,
  ) {}

  start(): void {
    void this.run();
  }

  /** The device is back: whoever waits connects at once, whoever is connected asks whether that is still so. */
  wake(): void {
    this.failures = 0;
    this.failedSockets = 0;
    this.skipWait?.();
    this.check?.();
  }

  /** The network is gone. */
  sleep(): void {
    this.drop?.("failed");
  }

  close(): void {
    this.isClosed = true;
    this.drop?.("ended");
    this.skipWait?.();
  }

  private async run(): Promise<void> {
    while (!this.isClosed) {
      this.host.state("connecting");
      const begun = Date.now();
      const end = await this.connection().catch((): End => "failed");
      if (this.isClosed) return;
      if (end === "erased") return this.host.erased();
      if (Date.now() - begun > STEADY) this.failures = 0;
      this.host.state(end === "failed" ? "offline" : "connecting");
      const backoff = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.failures) * (0.5 + Math.random() / 2);
      this.failures += 1;
      await this.wait(backoff);
    }
  }

  private async wait(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.skipWait = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.skipWait = null;
  }

  private async connection(): Promise<End> {
    this.isResuming = false;
    const token = await this.host.token(this.refused);
    if (this.isClosed) return "ended";
    if (!token) return "failed";
    const end = await (this.failedSockets < SOCKETS ? this.overSocket(token) : this.overStream(token));
    this.refused = end === "unauthorized" ? token.value : undefined;
    return end;
  }

  private async overSocket(first: Token): Promise<End> {
    const socket = this.host.socket();
    const say = (message: object) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
    };
    let [token, isRenewing, isSubscribed] = [first, false, false];
    const resume = () => {
      this.isResuming = true;
      say({ type: "resume", after: this.newest });
    };
    const renew = async () => {
      if (isRenewing || token.expiresAt - Date.now() > EARLY) return;
      isRenewing = true;
      const next = await this.host.token(token.value).catch(() => null);
      isRenewing = false;
      if (!next || next.value === token.value) return;
      token = next;
      say({ type: "auth", token: token.value });
    };
    const end = await this.watched(
      (end) => {
        socket.onopen = () => say({ type: "auth", token: token.value });
        socket.onmessage = ({ data }) => {
          const message = parsed(data);
          if (!message) return;
          this.heard();
          if (message.type === "subscribed") {
            // A renewed token is answered with this, too.
            if (!isSubscribed) resume();
            isSubscribed = true;
          } else this.take(message, resume);
        };
        socket.onclose = ({ code }) => end(code === ERASED ? "erased" : code === UNAUTHORIZED || code === EXPIRED ? "unauthorized" : isSubscribed ? "ended" : "failed");
        return () => socket.close(1000);
      },
      () => (this.isUnsure ? resume() : say({ type: "ping" })),
      () => void renew(),
    );
    this.failedSockets = isSubscribed || end !== "failed" ? 0 : this.failedSockets + 1;
    socket.onopen = socket.onmessage = socket.onclose = null;
    return end;
  }

  private async overStream(token: Token): Promise<End> {
    const stop = new AbortController();
    const end = await this.watched((end) => {
      void (async () => {
        const response = await this.host.stream(token.value, this.newest, stop.signal);
        if (response.status === 401) return end("unauthorized");
        if (!response.ok || !response.body) return end("failed");
        for await (const data of readEvents(response.body, () => this.heard())) {
          const message = parsed(data);
          if (message?.type === "expired") return end("unauthorized");
          // What is missing comes with the next stream.
          if (message) this.take(message, () => end("ended"));
        }
        end("ended");
      })().catch(() => end("failed"));
      return () => stop.abort();
    });
    if (end === "failed") this.failedSockets = 0;
    return end;
  }

  private heard(): void {
    this.lastHeard = Date.now();
  }

  /** Waits for the end of a connection, which silence is one of. */
  private async watched(open: (end: (end: End) => void) => () => void, ping?: () => void, tick?: () => void): Promise<End> {
    let lastPing = 0;
    this.heard();
    let timer: ReturnType<typeof setInterval> | undefined;
    let close = () => {};
    const end = await new Promise<End>((resolve) => {
      this.drop = resolve;
      const ask = () => {
        lastPing = Date.now();
        ping?.();
      };
      this.check = () => {
        if (Date.now() - this.lastHeard > TICK) ask();
      };
      timer = setInterval(() => {
        const now = Date.now();
        tick?.();
        if (lastPing <= this.lastHeard) {
          if (now - this.lastHeard >= PING_AFTER) ask();
          // A tab that slept finds its messages only after this: it asks before it gives up.
        } else if (now - this.lastHeard > DEAD_AFTER && now - lastPing >= ANSWER_WITHIN) resolve("failed");
      }, TICK);
      close = open(resolve);
    });
    clearInterval(timer);
    this.drop = this.check = null;
    close();
    return end;
  }

  /** Takes a message; `gap` asks for what is missing. */
  private take(message: Message, gap: () => void): void {
    if (message.type === "ready" || message.type === "reload") {
      // Whoever had nothing does not know what was before.
      if (message.type === "reload" || this.newest === null) this.host.reload(message.id);
      this.newest = message.id;
      this.isResuming = this.isUnsure = false;
      this.host.state("live");
    } else if (message.type === "update") {
      const { id, prev, event } = message;
      this.isUnsure = true;
      if (this.newest !== null && compareIds(id, this.newest) <= 0) return;
      if (prev === this.newest) this.newest = id;
      else if (this.newest !== null && !this.isResuming) gap();
      this.host.update(event, this.newest);
    }
  }
}

function parsed(data: unknown): Message | null {
  try {
    const message: unknown = JSON.parse(String(data));
    if (typeof message !== "object" || message === null || !("type" in message)) return null;
    const { type } = message;
    const isText = (key: string) => typeof (message as Record<string, unknown>)[key] === "string";
    if ((type === "ready" || type === "reload") && !isText("id")) return null;
    if (type === "update" && !(isText("id") && isText("prev") && "event" in message && message.event instanceof Object)) return null;
    return message as Message;
  } catch {
    return null;
  }
}
