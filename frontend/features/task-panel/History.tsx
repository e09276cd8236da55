"use client";
import { Bell, BellRing, CircleCheck, CirclePlus, Pencil, Trash2 } from "lucide-react";
import { Fragment, useCallback, useEffect, useRef, useState } from "react";
import { answer, ApiProblem, audit } from "@/api/client";
import { useToday, useZone } from "@/features/time/useNow";
import { dayInWords, dayOf, formatTime } from "@/features/time/zone";
import { onUpdate } from "@/sync/updates";
import { Skeleton } from "@/ui/bits";
import { Button } from "@/ui/button";
import { type AuditEntry, linesOf, type LineKind, merged } from "./historyLines";
import styles from "./panel.module.css";

const ICONS: Record<LineKind, typeof Bell> = { created: CirclePlus, completed: CircleCheck, deleted: Trash2, changed: Pencil, scheduled: Bell, triggered: BellRing };
const PAGE = 30;
/** The audit service records a change after the page has heard of it; so long after, in milliseconds, it is asked. */
const LOOKS = [700, 3000];

interface Trail {
  entries: AuditEntry[];
  /** Of the next page; null: there is none. */
  cursor: string | null;
}

/** What was asked for and the answer: `more` goes on where the trail ends, else the newest are asked for. */
function useTrail(taskId: string) {
  const [trail, setTrail] = useState<Trail | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [isLoading, setLoading] = useState(false);
  const alive = useRef(true);

  const load = useCallback(
    async (cursor: string | null) => {
      setLoading(true);
      try {
        const page = await answer(audit.GET("/api/audit", { params: { query: { task_id: taskId, limit: PAGE, ...(cursor ? { cursor } : {}) } } }));
        if (!alive.current) return;
        const next = page.next_cursor ?? null;
        setTrail((before) => {
          // A first page that does not reach what is known leaves a gap: it begins anew.
          const isJoined = before && (cursor || page.entries.some((entry) => before.entries.some((each) => each.id === entry.id)));
          return isJoined ? { entries: merged(before.entries, page.entries), cursor: cursor ? next : before.cursor } : { entries: merged([], page.entries), cursor: next };
        });
        setProblem(null);
      } catch (error) {
        if (alive.current) setProblem(error instanceof ApiProblem && error.status !== 0 ? error.detail : "The history is there when you are connected");
      }
      if (alive.current) setLoading(false);
    },
    [taskId],
  );

  useEffect(() => {
    alive.current = true;
    void load(null);
    let timers: ReturnType<typeof setTimeout>[] = [];
    const stop = onUpdate((event) => {
      if (event.task_id !== taskId) return;
      timers.forEach(clearTimeout);
      timers = LOOKS.map((pause) => setTimeout(() => void load(null), pause));
    });
    return () => {
      alive.current = false;
      stop();
      timers.forEach(clearTimeout);
    };
  }, [load, taskId]);
  return { trail, problem, isLoading, load };
}

/** What happened to a task, newest first, as the audit trail has it. */
export function History({ taskId }: { taskId: string }) {
  const zone = useZone();
  const today = useToday();
  const { trail, problem, isLoading, load } = useTrail(taskId);
  if (!trail) {
    if (problem)
      return (
        <div className={styles.historyState}>
          <p role="status">{problem}</p>
          <Button size="small" variant="quiet" disabled={isLoading} onClick={() => void load(null)}>
            Try again
          </Button>
        </div>
      );
    return (
      <div role="status" aria-label="Loading the history">
        {[0, 1, 2].map((row) => (
          <Skeleton key={row} className={styles.historySkeleton} />
        ))}
      </div>
    );
  }
  const lines = linesOf(trail.entries, trail.cursor === null, { zone, today });
  return (
    <>
      {lines.length === 0 ? <p className={styles.historyState}>Nothing is recorded yet</p> : null}
      <ol className={styles.entries}>
        {lines.map((line, index) => {
          const Icon = ICONS[line.kind];
          const day = dayOf(line.at, zone);
          const before = lines[index - 1];
          const isNewDay = !before || dayOf(before.at, zone) !== day;
          return (
            <Fragment key={line.id}>
              {isNewDay ? <li className={styles.historyDay}>{dayInWords(day, today)}</li> : null}
              <li className={styles.entry} data-kind={line.kind}>
                <Icon size={15} strokeWidth={1.75} aria-hidden />
                <div>
                  {line.texts.map((text) => (
                    <p key={text}>{text}</p>
                  ))}
                </div>
                <time dateTime={line.at}>{formatTime(line.at, zone)}</time>
              </li>
            </Fragment>
          );
        })}
      </ol>
      {trail.cursor !== null ? (
        <Button size="small" variant="quiet" disabled={isLoading} onClick={() => void load(trail.cursor)}>
          {isLoading ? "Loading" : "Show earlier"}
        </Button>
      ) : null}
      {problem ? (
        <p className={styles.historyState} role="status">
          {problem}
        </p>
      ) : null}
    </>
  );
}
