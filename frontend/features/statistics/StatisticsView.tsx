"use client";
import { ChartNoAxesColumn } from "lucide-react";
import { PRIORITIES, PRIORITY_NAMES, STATUS_NAMES, STATUSES } from "@/features/tasks/marks";
import { ViewHeader } from "@/features/shell/ViewHeader";
import { useToday } from "@/features/time/useNow";
import { addDays, formatDay } from "@/features/time/zone";
import { EmptyState, Skeleton } from "@/ui/bits";
import { Button } from "@/ui/button";
import { Breakdown } from "./Breakdown";
import { CompletedChart } from "./CompletedChart";
import styles from "./statistics.module.css";
import { type Stats, useStats } from "./useStats";

const DAYS = 30;

function Figure({ value, label, tone }: { value: number; label: string; tone?: "urgent" | "accent" }) {
  return (
    <div className={styles.figure} data-tone={value > 0 ? tone : undefined}>
      <dt>{label}</dt>
      <dd className="tabular">{value.toLocaleString()}</dd>
    </div>
  );
}

function Loading() {
  return (
    <div className={styles.sections} role="status" aria-label="Loading the statistics">
      <Skeleton className={styles.loadingFigures} />
      <Skeleton className={styles.loadingChart} />
    </div>
  );
}

/** The best day and the run of days up to today, where there is something to say. */
function summary(days: { date: string; count: number }[]): string {
  const total = days.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return "Nothing completed in the last 30 days yet.";
  const best = days.reduce((most, day) => (day.count > most.count ? day : most));
  const last = days.at(-1)?.count === 0 ? days.slice(0, -1) : days;
  const run = last.length - 1 - last.findLastIndex(({ count }) => count === 0);
  const when = formatDay(best.date, { weekday: "long", day: "numeric", month: "long" });
  return `Most on ${when}: ${best.count}.${run > 1 ? ` Something done on each of the last ${run} days.` : ""}`;
}

function Content({ stats }: { stats: Stats }) {
  const today = useToday();
  const counts = new Map(stats.completed_per_day.map(({ date, count }) => [date, count]));
  const days = Array.from({ length: DAYS }, (_, index) => addDays(today, index - DAYS + 1)).map((date) => ({ date, count: counts.get(date) ?? 0 }));
  const open = stats.by_status.pending + stats.by_status.in_progress;
  return (
    <div className={styles.sections}>
      <dl className={styles.figures}>
        <Figure label="Overdue" value={stats.overdue} tone="urgent" />
        <Figure label="Due today" value={stats.due_today} tone="accent" />
        <Figure label="Open" value={open} />
        <Figure label="Done, 30 days" value={days.reduce((sum, { count }) => sum + count, 0)} />
      </dl>
      <section aria-labelledby="completed-heading">
        <h2 id="completed-heading">Completed each day</h2>
        <p className={styles.summary}>{summary(days)}</p>
        <CompletedChart days={days} />
      </section>
      <div className={styles.pair}>
        <Breakdown title="By status" rows={STATUSES.map((each) => ({ key: each, name: STATUS_NAMES[each], count: stats.by_status[each] }))} total={stats.total} />
        <Breakdown title="By priority" rows={PRIORITIES.map((each) => ({ key: each, name: PRIORITY_NAMES[each], count: stats.by_priority[each] }))} total={stats.total} />
      </div>
    </div>
  );
}

/** What was done, and what there is to do, in numbers. */
export function StatisticsView() {
  const { stats, problem, retry } = useStats();
  return (
    <>
      <ViewHeader title="Statistics" eyebrow="The last 30 days" />
      {stats && stats.total > 0 ? (
        <Content stats={stats} />
      ) : stats ? (
        <EmptyState icon={<ChartNoAxesColumn size={40} aria-hidden />} title="Nothing to count yet">
          Once you have tasks, this shows how many are done, due and overdue.
        </EmptyState>
      ) : problem ? (
        <EmptyState title="The numbers could not be loaded" action={<Button onClick={retry}>Try again</Button>}>
          {problem}
        </EmptyState>
      ) : (
        <Loading />
      )}
    </>
  );
}
