/** The inbox. */
import { create } from "zustand";
import { useEffect } from "react";
import { answer, notifications as api } from "@/api/client";
import type { components } from "@/api/notifications";
import { whenIdle } from "./idle";
import { running } from "./state";
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

const EMPTY: Inbox = { notifications: [], unread: 0, cursor: undefined };
const store = create<Inbox>(() => EMPTY);

const load = (cursor?: string) => answer<Page>(api.GET("/api/notifications", { params: { query: { limit: 20, cursor } } }));

const newestFirst = (all: Iterable<Notification>): Notification[] =>
  [...all].sort((a, b) => b.created_at.localeCompare(a.created_at) || a.id.localeCompare(b.id));

function merged(first: Notification[], second: Notification[]): Notification[] {
  return newestFirst(new Map([...second, ...first].map((each) => [each.id, each])).values());
}

/** Shows the first page as this device kept it. */
export function showInbox(kept: unknown): void {
  if (!kept || store.getState().cursor !== undefined) return;
  const { notifications, unread } = kept as Page;
  store.setState({ notifications, unread });
}

/** Reads the first page anew. */
export async function refreshInbox(): Promise<void> {
  const page = await load();
  void running()?.replica.remember({ inbox: page });
  store.setState(({ notifications, cursor }) => ({
    notifications: merged(page.notifications, notifications),
    unread: page.unread,
    cursor: cursor === undefined ? (page.next_cursor ?? null) : cursor,
  }));
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

/** Shows some as read at once, and as before where the server does not take it. */
async function marking(which: (each: Notification) => boolean, call: () => Promise<unknown>): Promise<void> {
  const before = store.getState();
  const readAt = new Date().toISOString();
  const isNew = (each: Notification) => which(each) && !each.read_at;
  const count = before.notifications.filter(isNew).length;
  store.setState({
    notifications: before.notifications.map((each) => (isNew(each) ? { ...each, read_at: readAt } : each)),
    unread: Math.max(0, before.unread - count),
  });
  try {
    await call();
  } catch {
    store.setState(({ notifications, unread }) => ({
      notifications: notifications.map((each) => (each.read_at === readAt ? { ...each, read_at: null } : each)),
      unread: unread + count,
    }));
  }
}

const markRead = (id: string): Promise<void> =>
  marking(
    (each) => each.id === id,
    () => answer(api.POST("/api/notifications/{id}/read", { params: { path: { id } } })),
  );

async function markAllRead(): Promise<void> {
  await marking(
    () => true,
    () => answer(api.POST("/api/notifications/read")),
  );
  await refreshInbox().catch(() => {});
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
  const { notifications, unread, cursor } = store();
  useEffect(() => {
    if (cursor === undefined) loadInbox();
  }, [cursor]);
  return { notifications, unread, hasMore: !!cursor, loadMore, markRead, markAllRead };
}
