"use client";
import { create } from "zustand";
import { answer, ApiProblem, todo } from "@/api/client";
import type { components } from "@/api/todo";

type Schemas = components["schemas"];
export type Task = Schemas["Task"];
export type Action = Schemas["Action"];
type Answer = Schemas["ChatAnswer"];

/** One thing that was said. */
export interface Message {
  id: number;
  role: "user" | "assistant";
  text: string;
  /** Milliseconds since the epoch. */
  at: number;
  /** `sending` and `failed` are a person's; `earlier` was said before this page was loaded. */
  state: "sending" | "failed" | "said" | "earlier";
  /** Why it failed. */
  problem?: string;
  actions: Action[];
  tasks?: Task[];
  /** Takes the turn back. */
  undo?: string;
  undoState?: "asking" | "done" | "refused";
}

interface Conversation {
  userId: string | null;
  id: string | null;
  messages: Message[];
  /** `failed`: what was said before could not be had. */
  history: "none" | "loading" | "failed" | "loaded";
  draft: string;
}

const EMPTY: Conversation = { userId: null, id: null, messages: [], history: "none", draft: "" };

/** The conversation that this page shows. */
export const useConversation = create<Conversation>(() => EMPTY);

let lastId = 0;
const said = (role: Message["role"], text: string, more: Partial<Message> = {}): Message => ({
  id: ++lastId,
  role,
  text,
  at: Date.now(),
  state: "said",
  actions: [],
  ...more,
});

const key = (userId: string) => `todo-chat:${userId}`;

/** Keeps which conversation the person left here for a new one. */
function leave(userId: string, id: string | null): void {
  try {
    if (id) localStorage.setItem(key(userId), id);
    else localStorage.removeItem(key(userId));
  } catch {
    // Without storage it is left for as long as the page.
  }
}

function leftConversation(userId: string): string | null {
  try {
    return localStorage.getItem(key(userId));
  } catch {
    return null;
  }
}

export const forgetConversation = (userId: string): void => leave(userId, null);

const { getState: now, setState: set } = useConversation;

const edit = (id: number, change: Partial<Message>): void =>
  set(({ messages }) => ({ messages: messages.map((each) => (each.id === id ? { ...each, ...change } : each)) }));

const read = (id: string) => answer(todo.GET("/api/chat/{conversation_id}", { params: { path: { conversation_id: id } } }));

const earlier = (history: Schemas["ConversationAnswer"]): Message[] =>
  history.messages.map(({ role, content, created_at, actions, undo, undone }) =>
    said(role, content, { at: Date.parse(created_at), state: "earlier", actions, undo, undoState: undone ? "done" : undefined }),
  );

/** The person's last conversation, on whatever device; null where there is none. */
const latest = async () => (await answer(todo.GET("/api/chat/latest"))) ?? null;

/** Goes on with the person's conversation; does nothing where it is there. */
export async function open(userId: string): Promise<void> {
  if (now().userId === userId && now().history !== "failed") return;
  set((before) => ({ ...(before.userId === userId ? before : EMPTY), userId, history: "loading" }));
  try {
    const there = await latest();
    if (now().userId === userId && now().history === "loading") take(there);
  } catch {
    if (now().userId === userId && now().history === "loading") set({ history: "failed" });
  }
}

/** Takes in what was said meanwhile on another device, unless something is being said here. */
export async function follow(): Promise<void> {
  const { userId, history } = now();
  if (!userId || history !== "loaded" || isBusy()) return;
  const before = now().messages;
  const there = await latest().catch(() => null);
  // What was said or typed here while this was asked is newer.
  if (now().userId === userId && now().messages === before && there) take(there);
}

/** Shows a conversation as the server has it, with what is only here. */
function take(there: Schemas["ConversationAnswer"] | null): void {
  const { userId, id, messages, draft } = now();
  const isOther = there?.conversation_id !== id;
  const isLeft = userId !== null && there?.conversation_id === leftConversation(userId);
  // Another conversation does not come between someone and what they are about to say in this one.
  if (!there || isLeft || (isOther && id !== null && (draft !== "" || messages.some(({ state }) => state === "failed")))) return set({ history: "loaded" });
  const own = isOther ? [] : messages;
  const unsent = messages.filter(({ state }) => state === "failed" || state === "sending");
  const all = [...merged(own, earlier(there)), ...unsent];
  const isAsShown = all.length === messages.length && all.every((message, index) => message === messages[index]);
  set({ id: there.conversation_id, history: "loaded", messages: isAsShown ? messages : all });
}

/** What long messages are shortened to is the same as the message. */
const isSame = (shown: Message, told: Message): boolean =>
  shown.role === told.role && (shown.text === told.text || (told.text.endsWith("…") && shown.text.startsWith(told.text.slice(0, -1))));

/** The messages that the server told; one that is shown already stays the same, with the tasks of its answer. */
export function merged(shown: Message[], told: Message[]): Message[] {
  let left = shown.filter(({ state }) => state === "said" || state === "earlier");
  const all = told.toReversed().map((message) => {
    const at = left.findLastIndex((each) => isSame(each, message));
    const known = left[at];
    if (!known) return message;
    left = left.slice(0, at);
    const isUndone = known.undoState !== "done" && message.undoState === "done";
    return isUndone ? { ...known, undoState: message.undoState } : known;
  });
  return all.reverse();
}

/** Begins a conversation with the next message. */
export function startNew(): void {
  const { userId, id, draft } = now();
  if (userId && id) leave(userId, id);
  set({ ...EMPTY, userId, draft, history: "loaded" });
}

function inWords(error: unknown): string {
  if (!(error instanceof ApiProblem)) return "Something went wrong in this page.";
  if (error.status === 0) return navigator.onLine === false ? "You are offline." : "No answer came.";
  if (error.status === 429) return `Too many messages at once. Try again in ${Math.ceil((error.retryAfter ?? 60_000) / 1000)} seconds.`;
  if (error.status === 422) return error.errors.map(({ message }) => `A message ${message}.`).join(" ") || error.detail;
  return error.status >= 500 ? "The chatbot cannot answer just now." : error.detail;
}

function hear(message: Message, { conversation_id, reply, actions, tasks, undo }: Answer): void {
  const { messages } = now();
  // Someone else signed in, or a new conversation began, while the answer was under way.
  if (!messages.some((each) => each.id === message.id)) return;
  set({
    id: conversation_id,
    messages: [...messages.map((each) => (each.id === message.id ? { ...each, state: "said" as const } : each)), said("assistant", reply, { actions, tasks, undo })],
  });
}

async function deliver(message: Message): Promise<void> {
  edit(message.id, { state: "sending", problem: undefined });
  try {
    hear(message, await answer<Answer>(todo.POST("/api/chat", { body: { message: message.text, conversation_id: now().id } })));
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 404 && now().id) {
      // The conversation is gone from the server; what is on the screen stays.
      set({ id: null });
      return deliver(message);
    }
    edit(message.id, { state: "failed", problem: inWords(error) });
  }
}

const isBusy = (): boolean => now().messages.some(({ state }) => state === "sending");

/** Says something; one message is under way at a time. */
export function send(text: string): void {
  if (isBusy()) return;
  const message = said("user", text, { state: "sending" });
  set(({ messages }) => ({ messages: [...messages, message] }));
  void deliver(message);
}

/** How many of a person's last messages in a row are this one; long ones are kept shortened. */
function timesSaid(text: string, messages: { role: string; content: string }[]): number {
  const own = messages.filter(({ role }) => role === "user").map(({ content }) => content.replace(/(…|\.\.\.)$/, ""));
  const isOther = (content: string) => content !== text && !(content.length > 200 && text.startsWith(content));
  return own.length - 1 - own.findLastIndex(isOther);
}

/** What the server answered to a message whose answer was lost; null where it did not hear it. */
async function lostAnswer(id: string, { id: own, text }: Message): Promise<Answer | null> {
  const known = now().messages.filter((each) => each.id !== own && each.state !== "failed");
  const { messages } = await read(id);
  const isHeard = timesSaid(text, messages) > timesSaid(text, known.map(({ role, text: content }) => ({ role, content })));
  const last = messages.at(-1);
  return isHeard && last?.role === "assistant" ? { conversation_id: id, reply: last.content, actions: last.actions, undo: last.undo } : null;
}

/** Says again what failed, unless it turns out that the server heard it and only its answer was lost. */
export async function retry(message: Message): Promise<void> {
  if (isBusy()) return;
  const { id } = now();
  const again: Message = { ...message, state: "sending", problem: undefined };
  set(({ messages }) => ({ messages: [...messages.filter((each) => each.id !== message.id), again] }));
  // Where the conversation cannot be read, sending tells what is wrong.
  const lost = id ? await lostAnswer(id, message).catch(() => null) : null;
  if (lost) hear(again, lost);
  else await deliver(again);
}

/** Forgets a message that failed and gives its text back. */
export function takeBack(message: Message): void {
  set(({ messages, draft }) => ({ messages: messages.filter((each) => each.id !== message.id), draft: draft || message.text }));
}

/** Takes back what a turn did. */
export async function undoTurn(message: Message): Promise<void> {
  const { id } = now();
  if (!id || !message.undo) return;
  edit(message.id, { undoState: "asking", problem: undefined });
  try {
    const { reply, actions, tasks, undo } = await answer(todo.POST("/api/chat/{conversation_id}/undo", { params: { path: { conversation_id: id } }, body: { undo: message.undo } }));
    edit(message.id, { undoState: "done" });
    if (now().id === id) set(({ messages }) => ({ messages: [...messages, said("assistant", reply, { actions, tasks, undo })] }));
  } catch (error) {
    const isRefused = error instanceof ApiProblem && (error.status === 409 || error.status === 404);
    edit(message.id, {
      undoState: isRefused ? "refused" : undefined,
      problem: isRefused ? "This was changed since, so it cannot be taken back from here any more." : inWords(error),
    });
  }
}
