"use client";
import { useZone } from "@/features/time/useNow";
import { formatDay, formatTime, dayOf } from "@/features/time/zone";
import { useConnection } from "@/sync/connection";
import { type Conflict, type Refused, dismiss, resolveConflict, useConflicts, useRefused } from "@/sync/tasks";
import { Button } from "@/ui/button";
import styles from "./shell.module.css";

const FIELD_NAMES: Record<string, string> = {
  title: "title",
  description: "description",
  status: "status",
  priority: "priority",
  due_date: "due date",
  reminders: "reminders",
  tags: "tags",
  recurrence_pattern: "repetition",
  recurrence_from: "repetition",
};

function inWords(value: unknown, field: string | null, zone: string): string {
  if (value === null || value === undefined || value === "") return "nothing";
  if (Array.isArray(value)) return value.length > 0 ? value.join(", ") : "nothing";
  if (field === "due_date" && typeof value === "string")
    return `${formatDay(dayOf(value, zone), { weekday: "short", day: "numeric", month: "short" })} ${formatTime(value, zone)}`;
  const text = String(value).replaceAll("_", " ");
  return text.length > 60 ? `“${text.slice(0, 57)}…”` : `“${text}”`;
}

function ConflictBanner({ conflict }: { conflict: Conflict }) {
  const zone = useZone();
  const { field, task } = conflict;
  return (
    <div className={styles.banner} role="alert">
      <p className={styles.bannerText}>
        {field === null ? (
          <>
            <b>{task.title}</b> was deleted on another device while you changed it here.
          </>
        ) : (
          <>
            The {FIELD_NAMES[field]} of <b>{task.title}</b> was changed on two devices: here to {inWords(conflict.mine, field, zone)}, elsewhere to{" "}
            {inWords(conflict.theirs, field, zone)}.
          </>
        )}
      </p>
      <Button size="small" onClick={() => resolveConflict(conflict.id, "mine")}>
        {field === null ? "Keep the task" : "Keep mine"}
      </Button>
      <Button size="small" variant="quiet" onClick={() => resolveConflict(conflict.id, "theirs")}>
        {field === null ? "Let it go" : "Take theirs"}
      </Button>
    </div>
  );
}

function RefusedBanner({ refused }: { refused: Refused }) {
  return (
    <div className={styles.banner} role="alert">
      <p className={styles.bannerText}>
        A change of <b>{refused.task?.title ?? refused.patch.title ?? "a task"}</b> was not accepted: {refused.reason}
      </p>
      <Button size="small" variant="quiet" onClick={() => dismiss(refused.id)}>
        Dismiss
      </Button>
    </div>
  );
}

/** What the person should know about their data before anything else: no connection, conflicts, refusals. */
export function Banners() {
  const { state, unsent, error } = useConnection();
  const conflicts = useConflicts();
  const refused = useRefused();
  return (
    <>
      {state === "offline" ? (
        <div className={styles.banner} role="status">
          <p className={styles.bannerText}>
            <b>You are offline.</b>{" "}
            {unsent > 0 ? `${unsent} ${unsent === 1 ? "change waits" : "changes wait"} on this device and will be sent when you are back.` : "You can go on; changes are kept on this device and sent later."}
          </p>
        </div>
      ) : error ? (
        <div className={styles.banner} role="status">
          <p className={styles.bannerText}>{error}</p>
        </div>
      ) : null}
      {conflicts.map((conflict) => (
        <ConflictBanner key={conflict.id} conflict={conflict} />
      ))}
      {refused.map((each) => (
        <RefusedBanner key={each.id} refused={each} />
      ))}
    </>
  );
}
