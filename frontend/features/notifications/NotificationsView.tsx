"use client";
import { Bell, CheckCheck } from "lucide-react";
import { useEffect, useState } from "react";
import { openTask } from "@/features/shell/state";
import { ViewHeader } from "@/features/shell/ViewHeader";
import { useToday, useZone } from "@/features/time/useNow";
import { type Day, dayInWords, dayOf, formatTime } from "@/features/time/zone";
import { markAllRead, markRead } from "@/sync/marks";
import { type Notification, refreshInbox, useInbox } from "@/sync/notifications";
import { type Task, useTask } from "@/sync/tasks";
import { EmptyState, Skeleton } from "@/ui/bits";
import { Button } from "@/ui/button";
import { notify } from "@/ui/notify";
import styles from "./notifications.module.css";
import { PushCard } from "./PushCard";

const SENT: Record<string, string> = { email: "by e-mail", sms: "by text message", push: "by push" };

/** Through which channels it went besides this list, and which failed. */
function deliveryInWords({ deliveries }: Notification): string | null {
  const outside = deliveries.filter(({ channel }) => channel !== "in_app");
  const sent = outside.filter(({ state }) => state === "delivered").map(({ channel }) => SENT[channel]);
  if (sent.length > 0) return `Sent ${sent.join(" and ")}`;
  const failed = outside.filter(({ state }) => state === "failed").map(({ channel }) => SENT[channel]);
  return failed.length > 0 ? `Could not be sent ${failed.join(" or ")}` : null;
}

function Entry({ notification, onOpen }: { notification: Notification; onOpen: (task: Task | undefined) => void }) {
  const zone = useZone();
  const task = useTask(notification.task_id);
  const isUnread = !notification.read_at;
  const sent = deliveryInWords(notification);
  return (
    <li>
      <button type="button" className={styles.entry} data-unread={isUnread} onClick={() => onOpen(task)}>
        <span className={styles.mark} />
        <span className={styles.words}>
          <span className={styles.title} data-over={task?.status === "completed"}>
            {isUnread ? <span className="visually-hidden">Unread: </span> : null}
            {task?.title ?? notification.title}
          </span>
          <span className={styles.body}>
            {notification.body}
            {notification.late ? " This reminder came late." : ""}
            {task?.status === "completed" ? " Done since." : ""}
          </span>
          {sent ? <span className={styles.sent}>{sent}</span> : null}
        </span>
        <time className={styles.time} dateTime={notification.created_at}>
          {formatTime(notification.created_at, zone)}
        </time>
      </button>
    </li>
  );
}

function Loading() {
  return (
    <div className={styles.loading} role="status" aria-label="Loading the notifications">
      {[0, 1, 2, 3].map((row) => (
        <Skeleton key={row} className={styles.loadingRow} />
      ))}
    </div>
  );
}

function byDay(notifications: Notification[], zone: string): [Day, Notification[]][] {
  const days = new Map<Day, Notification[]>();
  for (const each of notifications) {
    const day = dayOf(each.created_at, zone);
    days.set(day, [...(days.get(day) ?? []), each]);
  }
  return [...days];
}

/** Reminders that were due. */
export function NotificationsView() {
  const { notifications, unread, hasMore, loadMore } = useInbox();
  const [state, setState] = useState<"loading" | "loaded" | "failed">("loading");
  const [isLoadingMore, setLoadingMore] = useState(false);
  const zone = useZone();
  const today = useToday();

  const load = () => {
    setState("loading");
    refreshInbox().then(
      () => setState("loaded"),
      () => setState("failed"),
    );
  };
  useEffect(load, []);

  function openEntry({ id, read_at }: Notification, task: Task | undefined) {
    if (!read_at) markRead(id);
    if (task) openTask(task.id);
    else void notify("This task is not there any more");
  }

  async function more() {
    setLoadingMore(true);
    await loadMore().catch(() => notify("Earlier notifications could not be loaded", { error: true }));
    setLoadingMore(false);
  }

  return (
    <div className={styles.view}>
      <ViewHeader title="Notifications" eyebrow={unread > 0 ? `${unread} unread` : undefined}>
        {unread > 0 ? (
          <Button size="small" onClick={markAllRead}>
            <CheckCheck size={16} aria-hidden /> Mark all read
          </Button>
        ) : null}
      </ViewHeader>
      <PushCard />
      {byDay(notifications, zone).map(([day, entries]) => (
        <section key={day} className={styles.day} aria-labelledby={`day-${day}`}>
          <h2 id={`day-${day}`}>{dayInWords(day, today)}</h2>
          <ul>
            {entries.map((each) => (
              <Entry key={each.id} notification={each} onOpen={(task) => openEntry(each, task)} />
            ))}
          </ul>
        </section>
      ))}
      {hasMore ? (
        <Button disabled={isLoadingMore} onClick={() => void more()}>
          {isLoadingMore ? "Loading…" : "Show earlier ones"}
        </Button>
      ) : null}
      {notifications.length > 0 ? null : state === "loading" ? (
        <Loading />
      ) : state === "failed" ? (
        <EmptyState title="The notifications could not be loaded" action={<Button onClick={load}>Try again</Button>}>
          They are read from the server; your tasks are still here.
        </EmptyState>
      ) : (
        <EmptyState icon={<Bell size={40} aria-hidden />} title="Nothing has rung yet">
          Reminders appear here when they are due. A task with a due date reminds you as your settings say.
        </EmptyState>
      )}
    </div>
  );
}
