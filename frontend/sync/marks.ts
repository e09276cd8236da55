/** Marking notifications as read: changes as those of tasks are, in the same outbox. */
import { newId } from "./ids";
import { inbox } from "./notifications";
import { running } from "./state";
import { tabId } from "./tabs";
import type { Change } from "./types";

function mark(notificationId: string, until?: string): void {
  const active = running();
  if (!active) return;
  const change: Change = {
    id: newId(),
    seq: 0,
    taskId: notificationId,
    kind: "markRead",
    patch: {},
    before: {},
    until,
    base: 0,
    madeAt: new Date().toISOString(),
    state: "queued",
    sent: false,
    tab: tabId,
  };
  void active.replica.make([change]).then(() => active.outbox.kick());
}

/** Marks a notification as read, at once for the person. */
export const markRead = (id: string): void => mark(id);

/** The same for all that there are now: what comes later stays unread, also where it comes before this is sent. */
export function markAllRead(): void {
  const [newest] = inbox().notifications;
  if (newest) mark(newest.id, newest.created_at);
}
