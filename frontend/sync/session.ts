/** Who is signed in: an access token in memory, and a cookie that scripts cannot read to renew it. */
import { create } from "zustand";
import { useEffect } from "react";
import { answer, ApiProblem, setCredentials, todo } from "@/api/client";
import { exclusively, hasLocks, openChannel, tabId } from "./tabs";
import type { User, UserPatchInput } from "./types";

export interface Session {
  status: "loading" | "signed-out" | "signed-in";
  user: User | null;
}

interface SignedIn {
  access_token: string;
  /** Seconds. */
  expires_in: number;
  user: User;
}

interface Token {
  value: string;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

type Message =
  | { type: "token"; token: Token; user: User }
  | { type: "wanted" }
  | { type: "renewing"; tab: string }
  | { type: "signed-out"; isAsked: boolean };

/** In local storage: the id of who is signed in. No secret: it says whose data to show, the cookie opens the server. */
const FLAG = "todo-session";
/** In its place: who was signed in signed out while the server could not be told. */
const LEAVING = "leaving";
/** Before an id: the session ended by itself; what this device keeps waits for the person to sign in again. */
const KEPT = "kept:";
/** The refresh token is in a cookie. */
const COOKIE = { session: "cookie" } as const;
/** An access token is renewed this long before it expires. */
const EARLY = 60_000;
/** How long another tab has to give its token. */
const ANSWER_WITHIN = 40;
const TICK = 5;

const store = create<Session>(() => ({ status: "loading", user: null }));
let token: Token | null = null;
let othersRenewUntil = 0;
let isStarted = false;

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function until(isSo: () => boolean, milliseconds: number): Promise<void> {
  for (const end = Date.now() + milliseconds; !isSo() && Date.now() < end; ) await pause(TICK);
}

function flag(): string | null {
  try {
    return localStorage.getItem(FLAG);
  } catch {
    return null;
  }
}

function setFlag(userId: string | null): void {
  try {
    if (userId) localStorage.setItem(FLAG, userId);
    else localStorage.removeItem(FLAG);
  } catch {
    // Nothing is kept in this browser; the session lasts as long as the tab.
  }
}

const channel = openChannel<Message>("todo-session", (message) => {
  if (message.type === "token") {
    token = message.token;
    void enter(message.user);
  } else if (message.type === "wanted" && token && store.getState().user) {
    channel.post({ type: "token", token, user: store.getState().user as User });
  } else if (message.type === "renewing" && message.tab !== tabId) {
    othersRenewUntil = Date.now() + 3_000;
  } else if (message.type === "signed-out") leave(message.isAsked);
});

let loaded: Promise<typeof import("./engine")> | null = null;

/** What runs for a person; not needed before one signs in. */
function engine(): Promise<typeof import("./engine")> {
  loaded ??= import("./engine").catch(() => {
    loaded = null;
    throw new ApiProblem(0, "The server cannot be reached");
  });
  return loaded;
}

/** Who is to be signed in; a later one wins. */
let entering: User | null = null;

/** The person is signed in when what they have here can be shown and changed. */
async function enter(user: User): Promise<void> {
  const shown = store.getState().user;
  if (shown?.id === user.id && shown.updated_at === user.updated_at) return;
  entering = user;
  const { begin } = await engine();
  await begin(user);
  if (entering === user) store.setState({ status: "signed-in", user });
}

/** Nobody is signed in any more. Only who signs out asks that unsent changes are forgotten. */
function leave(isAsked: boolean): void {
  const user = store.getState().user ?? entering;
  const isKept = !isAsked && user !== null;
  token = null;
  entering = null;
  store.setState({ status: "signed-out", user: null });
  if (!user) return;
  if (isKept) setFlag(KEPT + user.id);
  void engine().then(({ close, end }) => (isKept ? close(user.id) : end(user.id)));
}

async function signedIn(answer: SignedIn): Promise<void> {
  const last = flag();
  token = { value: answer.access_token, expiresAt: Date.now() + answer.expires_in * 1000 };
  setFlag(answer.user.id);
  channel.post({ type: "token", token, user: answer.user });
  const another = last?.startsWith(KEPT) && last !== KEPT + answer.user.id ? last.slice(KEPT.length) : null;
  if (another) void silence().catch(() => {});
  await enter(answer.user);
  if (another) void engine().then(({ end }) => end(another));
}

/** Ends the push messages of the person before, who did not sign out: their reminders are not for others to read. */
async function silence(): Promise<void> {
  const registration = await globalThis.navigator?.serviceWorker?.getRegistration("/");
  await (await registration?.pushManager?.getSubscription())?.unsubscribe();
}

const isGood = (): boolean => token !== null && token.expiresAt - Date.now() > EARLY;

let renewal: Promise<string | null> | null = null;

/** Renews the session, once for all that ask and one tab at a time, since a refresh token is good for one use. */
function renew(refused: string | null): Promise<string | null> {
  renewal ??= exclusively("todo-session", () => renewNow(refused)).finally(() => {
    renewal = null;
  });
  return renewal;
}

/** Trades the cookie for an access token and the next cookie. */
const refreshed = (): Promise<SignedIn> => answer<SignedIn>(todo.POST("/api/auth/refresh", { body: COOKIE }));

async function renewNow(refused: string | null): Promise<string | null> {
  const isFit = () => isGood() && token?.value !== refused;
  if (!isFit()) {
    channel.post({ type: "wanted" });
    await until(isFit, ANSWER_WITHIN);
  }
  if (!isFit() && !hasLocks()) {
    await until(isFit, Math.random() * 300);
    while (Date.now() < othersRenewUntil && !isFit()) await pause(TICK);
    if (!isFit()) channel.post({ type: "renewing", tab: tabId });
  }
  if (isFit()) return token?.value ?? null;
  if (store.getState().status === "signed-out") return null;
  try {
    await signedIn(await refreshed());
    return token?.value ?? null;
  } catch (error) {
    if (error instanceof ApiProblem && (error.status === 401 || error.status === 422)) {
      leave(false);
      channel.post({ type: "signed-out", isAsked: false });
      return null;
    }
    throw error;
  }
}

setCredentials({
  token: async () => (isGood() ? (token?.value ?? null) : store.getState().status === "signed-out" ? null : renew(null)),
  renewed: (refused) => renew(refused),
});

/** An access token that is good for a while, another one than `refused`, and when it expires. */
export async function accessToken(refused?: string): Promise<Token | null> {
  const isFit = () => isGood() && token?.value !== refused;
  if (!isFit() && store.getState().status !== "signed-out") await renew(refused ?? null);
  return isFit() ? token : null;
}

/** The account does not exist any more. */
export function accountErased(): void {
  setFlag(null);
  leave(true);
}

/** Finds out who is signed in: at once from what this device keeps, then from the server. */
export async function start(): Promise<void> {
  if (isStarted) return;
  isStarted = true;
  const userId = flag();
  if (!userId || userId === LEAVING || userId.startsWith(KEPT)) {
    store.setState({ status: "signed-out", user: null });
    // While the person types.
    void engine().catch(() => {});
    if (userId === LEAVING) await left();
    return;
  }
  const stored = await (await engine()).stored(userId);
  if (stored && store.getState().status === "loading") await enter(stored);
  await renew(null).catch(() => {
    if (store.getState().status !== "loading") return;
    // Neither the server nor this device knows the person: signing in tells why, or the network comes back.
    store.setState({ status: "signed-out", user: null });
    window.addEventListener("online", again, { once: true });
  });
}

function again(): void {
  if (store.getState().status !== "signed-out") return;
  store.setState({ status: "loading" });
  isStarted = false;
  void start();
}

/** Tells the server of a signing out that it does not know of. */
async function left(): Promise<void> {
  try {
    const { access_token } = await refreshed();
    await answer(todo.POST("/api/auth/logout", { headers: { Authorization: `Bearer ${access_token}` } }));
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.status !== 401) return;
  }
  if (flag() === LEAVING) setFlag(null);
}

/** Who is signed in. */
export function useSession(): Session {
  useEffect(() => void start(), []);
  return store();
}

export const session = (): Session => store.getState();

export async function signIn(email: string, password: string): Promise<void> {
  const body = { email, password, ...COOKIE };
  await signedIn(await answer<SignedIn>(todo.POST("/api/auth/login", { body })));
}

export async function register(input: { email: string; username: string; password: string }): Promise<void> {
  const body = { ...input, ...COOKIE };
  await signedIn(await answer<SignedIn>(todo.POST("/api/auth/register", { body })));
  const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (timezone && timezone !== "UTC") await updateProfile({ timezone }).catch(() => {});
}

/** Signs out on this device: what it keeps of the person goes, with changes that were not sent (see `unsentChanges`). */
export async function signOut(): Promise<void> {
  const isTold = await answer(todo.POST("/api/auth/logout")).then(
    () => true,
    (error: unknown) => error instanceof ApiProblem && error.status === 401,
  );
  setFlag(isTold ? null : LEAVING);
  leave(true);
  channel.post({ type: "signed-out", isAsked: true });
}

export async function updateProfile(patch: UserPatchInput): Promise<void> {
  const user = await answer<User>(todo.PATCH("/api/users/me", { body: patch }));
  await enter(user);
  if (token) channel.post({ type: "token", token, user });
}

/** Erases the account with all that the server has of it, and what this device keeps. */
export async function deleteAccount(password: string): Promise<void> {
  await answer(todo.DELETE("/api/users/me", { body: { password } }));
  setFlag(null);
  leave(true);
  channel.post({ type: "signed-out", isAsked: true });
}
