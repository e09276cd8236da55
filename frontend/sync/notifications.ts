/** The inbox. */
import { create } from "zustand";
import { useEffect, useMemo } from "react";
import { answer, notifications as api } from "@/api/client";
import type { components } from "@/api/notifications";
import { whenIdle } from "./idle";
import { running, useData } from "./state";
import type { Change } from "./types";
import { onUpdate } from "./updates";

export type Notification = components["schemas"]["Notification"];
type Page = components["schemas"]["Inbox"];

interface Inbox {
  notifications: Notification[];
  /** Those that are not read, on all pages. */
  unread: number;
  /** Asks for the next page; null on the last, undefined before the first. */
  cursor: string | null | undefined;
}

const PAGE = 20;
const EMPTY: Inbox = { notifications: [], unread: 0, cursor: undefined };
/** As the server last had it. */
const store = create<Inbox>(() => EMPTY);

const load = (cursor?: string) => answer<Page>(api.GET("/api/notifications", { params: { query: { limit: PAGE, cursor } } }));

const newestFirst = (all: Iterable<Notification>): Notification[] =>
  [...all].sort((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at) || a.id.localeCompare(b.id));

function merged(first: Notification[], second: Notification[]): Notification[] {
  return newestFirst(new Map([...second, ...first].map((each) => [each.id, each])).values());
}

const marksIn = (changes: readonly Change[]): Change[] => changes.filter(({ kind }) => kind === "markRead");

/** An inbox with these marks made. */
function marked(inbox: Inbox, marks: readonly Change[]): Inbox {
  if (marks.length === 0) return inbox;
  const isUnread = ({ read_at }: Notification) => !read_at;
  const notifications = inbox.notifications.map((each) => {
    const isMeant = ({ taskId, until }: Change) => taskId === each.id || (until && Date.parse(each.created_at) <= Date.parse(until));
    const mark = isUnread(each) && marks.find(isMeant);
    return mark ? { ...each, read_at: mark.madeAt } : each;
  });
  const [before, left] = [inbox.notifications.filter(isUnread).length, notifications.filter(isUnread).length];
  // A mark of all leaves what is newer, and nothing is newer than what is loaded.
  const isAll = marks.some(({ until }) => until);
  return { ...inbox, notifications, unread: isAll ? left : Math.max(0, inbox.unread - (before - left)) };
}

/** The inbox as the person sees it: what the server has with this device's unsent marks. */
export const inbox = (): Inbox => marked(store.getState(), marksIn(useData.getState().changes));

// A mark that is not in the outbox any more is one that the server has.
useData.subscribe(({ changes }, before) => {
  const left = new Set(changes.map(({ id }) => id));
  const sent = marksIn(before.changes).filter(({ id }) => !left.has(id));
  if (sent.length > 0) store.setState(marked(store.getState(), sent));
});

// What is known is kept for a start without the network.
store.subscribe(({ notifications, unread }) => {
  if (notifications.length > 0) void running()?.replica.remember({ inbox: { notifications: notifications.slice(0, PAGE), unread } });
});

/** Shows the first page as this device kept it. */
export function showInbox(kept: unknown): void {
  if (!kept || store.getState().cursor !== undefined) return;
  const { notifications, unread } = kept as Page;
  store.setState({ notifications, unread });
}

/** Reads the first page anew. */
export async function refreshInbox(): Promise<void> {
  // The answer may be from before the server hears of these, and come after.
  const marks = marksIn(useData.getState().changes);
  const page = await load();
  store.setState(({ notifications, cursor }) =>
    marked(
      {
        notifications: merged(page.notifications, notifications),
        unread: page.unread,
        cursor: cursor === undefined ? (page.next_cursor ?? null) : cursor,
      },
      marks,
    ),
  );
}

let isAsked = false;

/** Reads the first page where it was not read yet, once for all that show it. */
function loadInbox(): void {
  if (isAsked || store.getState().cursor !== undefined) return;
  isAsked = true;
  whenIdle(() => {
    void refreshInbox()
      .catch(() => {})
      .finally(() => (isAsked = false));
  });
}

export const clearInbox = (): void => store.setState(EMPTY, true);

async function loadMore(): Promise<void> {
  const { cursor } = store.getState();
  if (!cursor) return;
  const page = await load(cursor);
  store.setState(({ notifications }) => ({
    notifications: merged(notifications, page.notifications),
    unread: page.unread,
    cursor: page.next_cursor ?? null,
  }));
}

onUpdate((event) => {
  if (event.event_type !== "notification" || typeof event.update_data !== "object" || event.update_data === null) return;
  // One that was read elsewhere says how many are left; of several that were read at once only one is announced.
  const { unread: left, ...notification } = event.update_data as Notification & { unread?: number };
  if (typeof notification.id !== "string") return;
  const { read_at } = notification;
  store.setState(({ notifications, unread }) => {
    const known = notifications.find(({ id }) => id === notification.id);
    if (!read_at) return known ? {} : { notifications: merged(notifications, [notification]), unread: unread + 1 };
    const isNews = (each: Notification) => !each.read_at && (each.id === notification.id || left === 0);
    return {
      notifications: notifications.map((each) => (isNews(each) ? { ...each, read_at } : each)),
      unread: left ?? Math.max(0, unread - (known && !known.read_at ? 1 : 0)),
    };
  });
});

/** The person's notifications, newest first; loads them where they are not. */
export function useInbox() {
  const [known, changes] = [store(), useData((data) => data.changes)];
  const { notifications, unread, cursor } = useMemo(() => marked(known, marksIn(changes)), [known, changes]);
  useEffect(() => {
    if (cursor === undefined) loadInbox();
  }, [cursor]);
  return { notifications, unread, hasMore: !!cursor, loadMore };
}
