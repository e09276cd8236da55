"use client";
import { useState } from "react";
import { useToday, useZone } from "@/features/time/useNow";
import { dayOf, formatDay, formatTime, timeOf } from "@/features/time/zone";
import { Skeleton } from "@/ui/bits";
import { NativeSelect, TextField } from "@/ui/field";
import { ANY_TIME, isWholeDay } from "./due";
import styles from "./editors.module.css";
import { RuleFields } from "./RuleFields";
import { buildPattern, isWorkingDays, parseRule, type Rule, simpleRule, weekdayOf, workingDays } from "./rule";
import { usePreview } from "./usePreview";

export interface Recurrence {
  pattern: string | null;
  from: "due_date" | "completion";
}

interface RecurrenceEditorProps {
  value: Recurrence;
  /** RFC 3339: where the rule starts. */
  due: string | null;
  onChange: (value: Recurrence) => void;
}

type Kind = "none" | "day" | "weekdays" | "week" | "month" | "year" | "advanced";

const KINDS: { kind: Kind; name: string }[] = [
  { kind: "none", name: "Does not repeat" },
  { kind: "day", name: "Daily" },
  { kind: "weekdays", name: "On weekdays" },
  { kind: "week", name: "Weekly" },
  { kind: "month", name: "Monthly" },
  { kind: "year", name: "Yearly" },
  { kind: "advanced", name: "Advanced rule" },
];

function kindOf(pattern: string | null, rule: Rule | null): Kind {
  if (pattern === null) return "none";
  if (!rule) return "advanced";
  return rule.unit === "week" && rule.every === 1 && isWorkingDays(rule.weekdays) ? "weekdays" : rule.unit;
}

/** How a task repeats. What cannot be drawn is edited as an RFC 5545 rule. */
export function RecurrenceEditor({ value, due, onChange }: RecurrenceEditorProps) {
  const zone = useZone();
  const start = due ? dayOf(due, zone) : null;
  const rule = value.pattern === null ? null : parseRule(value.pattern);
  const [isAdvanced, setAdvanced] = useState(value.pattern !== null && rule === null);
  const kind = isAdvanced ? "advanced" : kindOf(value.pattern, rule);
  const setRule = (next: Rule) => onChange({ ...value, pattern: buildPattern(next, start) });
  const choose = (next: Kind) => {
    setAdvanced(next === "advanced");
    if (next === "advanced") onChange({ ...value, pattern: asRule(value.pattern) });
    else if (next === "none") onChange({ ...value, pattern: null });
    else if (next === "weekdays") setRule({ ...workingDays(), end: rule?.end ?? { kind: "never" } });
    else setRule({ ...simpleRule(next), weekdays: next === "week" && !start ? ["MO"] : [], end: rule?.end ?? { kind: "never" } });
  };
  return (
    <div className={styles.editor}>
      <NativeSelect label="How often" value={kind} onChange={(event) => choose(event.target.value as Kind)}>
        {KINDS.map((each) => (
          <option key={each.kind} value={each.kind}>
            {each.name}
          </option>
        ))}
      </NativeSelect>
      {kind === "advanced" ? (
        <Advanced value={value} due={due} onChange={(pattern) => onChange({ ...value, pattern })} />
      ) : rule ? (
        <RuleFields rule={rule} startWeekday={weekdayOf(start ?? "2024-01-01")} onChange={setRule} isWorkingDays={kind === "weekdays"} />
      ) : null}
      {value.pattern !== null ? (
        <>
          <NativeSelect label="The next date counts from" value={value.from} onChange={(event) => onChange({ ...value, from: event.target.value as Recurrence["from"] })}>
            <option value="due_date">the due date</option>
            <option value="completion">the day it is done</option>
          </NativeSelect>
          <NextDates {...value} pattern={value.pattern} due={due} />
        </>
      ) : null}
    </div>
  );
}

/** A pattern as a rule, to go on from in the advanced field. */
function asRule(pattern: string | null): string {
  const rule = pattern === null ? null : parseRule(pattern);
  if (!rule) return pattern ?? "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1";
  const built = buildPattern(rule, null);
  const words: Record<string, string> = { daily: "FREQ=DAILY", weekly: "FREQ=WEEKLY", monthly: "FREQ=MONTHLY", yearly: "FREQ=YEARLY", weekdays: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR" };
  return words[built] ?? built;
}

function Advanced({ value, due, onChange }: { value: Recurrence; due: string | null; onChange: (pattern: string) => void }) {
  const preview = usePreview(value.pattern, due, value.from);
  return (
    <TextField
      label="Rule"
      hint="An RFC 5545 rule, such as FREQ=MONTHLY;BYDAY=2TU"
      error={preview?.state === "refused" ? preview.reason : null}
      spellCheck={false}
      autoCapitalize="characters"
      maxLength={500}
      value={value.pattern ?? ""}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}

function NextDates({ pattern, from, due }: { pattern: string; from: Recurrence["from"]; due: string | null }) {
  const zone = useZone();
  const year = useToday().slice(0, 4);
  const preview = usePreview(pattern, due, from);
  if (!preview || preview.state === "refused") return null;
  if (preview.state === "unavailable") return <p className={styles.note}>The next dates appear here when you are connected</p>;
  const dates = preview.state === "ready" ? preview.preview.dates : null;
  return (
    <div className={styles.preview} aria-live="polite">
      <p className={styles.note}>{preview.state === "ready" ? sentence(preview.preview.description) : "Next dates"}</p>
      {dates?.length === 0 ? <p className={styles.note}>No further dates</p> : null}
      <ol>
        {(dates ?? ["", "", "", "", ""]).map((date, index) => (
          <li key={date || index}>{date === "" ? <Skeleton className={styles.previewSkeleton} /> : <When instant={date} zone={zone} year={year} />}</li>
        ))}
      </ol>
    </div>
  );
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function When({ instant, zone, year }: { instant: string; zone: string; year: string }) {
  const day = dayOf(instant, zone);
  if (!isWholeDay(day)) return null;
  return (
    <time dateTime={instant}>
      <b>{formatDay(day, { weekday: "short" })}</b> {formatDay(day, { day: "numeric", month: "short", year: day.startsWith(year) ? undefined : "numeric" })}
      {timeOf(instant, zone) === ANY_TIME ? null : <span> {formatTime(instant, zone)}</span>}
    </time>
  );
}
