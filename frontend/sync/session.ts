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
  refresh_token?: string | null;
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
  | { type: "signed-out" };

/** In local storage: the id of who is signed in. No secret: it says whose data to show, the cookie opens the server. */
const FLAG = "todo-session";
/** An access token is renewed this long before it expires. */
const EARLY = 60_000;

const store = create<Session>(() => ({ status: "loading", user: null }));
let token: Token | null = null;
/** Until the server sets the cookie. */
let refreshToken: string | null = null;
let othersRenewUntil = 0;
let isStarted = false;

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

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
    enter(message.user);
  } else if (message.type === "wanted" && token && store.getState().user) {
    channel.post({ type: "token", token, user: store.getState().user as User });
  } else if (message.type === "renewing" && message.tab !== tabId) {
    othersRenewUntil = Date.now() + 3_000;
  } else if (message.type === "signed-out") leave();
});

const engine = () => import("./engine");

function enter(user: User): void {
  if (store.getState().status === "signed-in" && store.getState().user?.updated_at === user.updated_at) return;
  store.setState({ status: "signed-in", user });
  void engine().then(({ begin }) => begin(user));
}

function leave(): void {
  const { user } = store.getState();
  token = null;
  refreshToken = null;
  store.setState({ status: "signed-out", user: null });
  if (user) void engine().then(({ end }) => end(user.id));
}

function signedIn(answer: SignedIn): void {
  token = { value: answer.access_token, expiresAt: Date.now() + answer.expires_in * 1000 };
  refreshToken = answer.refresh_token ?? null;
  setFlag(answer.user.id);
  enter(answer.user);
  channel.post({ type: "token", token, user: answer.user });
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

async function renewNow(refused: string | null): Promise<string | null> {
  if (!hasLocks()) {
    await pause(Math.random() * 300);
    while (Date.now() < othersRenewUntil && !(isGood() && token?.value !== refused)) await pause(50);
    channel.post({ type: "renewing", tab: tabId });
  }
  if (isGood() && token?.value !== refused) return token?.value ?? null;
  if (store.getState().status === "signed-out") return null;
  const body = refreshToken ? { refresh_token: refreshToken } : { session: "cookie" };
  try {
    signedIn(await answer<SignedIn>(todo.POST("/api/auth/refresh", { body: body as { refresh_token: string } })));
    return token?.value ?? null;
  } catch (error) {
    if (error instanceof ApiProblem && (error.status === 401 || error.status === 422)) {
      setFlag(null);
      leave();
      channel.post({ type: "signed-out" });
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
  leave();
}

/** Finds out who is signed in: at once from what this device keeps, then from the server. */
export async function start(): Promise<void> {
  if (isStarted) return;
  isStarted = true;
  const userId = flag();
  if (!userId) {
    store.setState({ status: "signed-out", user: null });
    return;
  }
  const stored = await (await engine()).stored(userId);
  if (stored && store.getState().status === "loading") enter(stored);
  channel.post({ type: "wanted" });
  await pause(50);
  if (isGood()) return;
  await renew(null).catch(() => {
    // Without the server there is only what is kept; without either, signing in tells why.
    if (store.getState().status === "loading") store.setState({ status: "signed-out", user: null });
  });
}

/** Who is signed in. */
export function useSession(): Session {
  useEffect(() => void start(), []);
  return store();
}

export const session = (): Session => store.getState();

export async function signIn(email: string, password: string): Promise<void> {
  const body = { email, password, session: "cookie" };
  signedIn(await answer<SignedIn>(todo.POST("/api/auth/login", { body })));
}

export async function register(input: { email: string; username: string; password: string }): Promise<void> {
  const body = { ...input, session: "cookie" };
  signedIn(await answer<SignedIn>(todo.POST("/api/auth/register", { body })));
  const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (timezone && timezone !== "UTC") await updateProfile({ timezone }).catch(() => {});
}

/** Signs out on this device: what it keeps of the person goes, with changes that were not sent (see `unsentChanges`). */
export async function signOut(): Promise<void> {
  // Without the server the cookie stays until the next sign-in takes its place.
  await answer(todo.POST("/api/auth/logout")).catch(() => {});
  setFlag(null);
  leave();
  channel.post({ type: "signed-out" });
}

export async function updateProfile(patch: UserPatchInput): Promise<void> {
  const user = await answer<User>(todo.PATCH("/api/users/me", { body: patch }));
  enter(user);
  if (token) channel.post({ type: "token", token, user });
}

/** Erases the account with all that the server has of it, and what this device keeps. */
export async function deleteAccount(password: string): Promise<void> {
  await answer(todo.DELETE("/api/users/me", { body: { password } }));
  setFlag(null);
  leave();
  channel.post({ type: "signed-out" });
}
