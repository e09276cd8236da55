"use client";
import { useToday, useZone } from "@/features/time/useNow";
import { formatDay } from "@/features/time/zone";
import { Button } from "@/ui/button";
import { TextField } from "@/ui/field";
import { useEffect, useState } from "react";
import { type Due, dueOf, instantOfDue, isWholeDay, quickDays } from "./due";
import styles from "./editors.module.css";

interface DueEditorProps {
  /** RFC 3339, or null. */
  value: string | null;
  onChange: (value: string | null) => void;
  /** A choice that leaves nothing to edit. */
  onDone: (value: string | null) => void;
}

/** When a task is due: quick choices, a day, and a time of day in the person's zone. */
export function DueEditor({ value, onChange, onDone }: DueEditorProps) {
  const zone = useZone();
  const today = useToday();
  const due: Due | null = value ? dueOf(value, zone) : null;
  // What stands in the day's field, which may be half typed.
  const [day, setDay] = useState(due?.day ?? "");
  useEffect(() => setDay(due?.day ?? ""), [due?.day]);
  const on = (next: Due) => instantOfDue(next, zone);
  return (
    <div className={styles.editor}>
      <div className={styles.choices}>
        {quickDays(today).map((quick) => (
          <button
            key={quick.name}
            type="button"
            className={styles.choice}
            aria-pressed={due?.day === quick.day}
            onClick={() => onDone(on({ day: quick.day, time: due?.time ?? null }))}
          >
            {quick.name}
            <span className={styles.choiceHint}>{formatDay(quick.day, { weekday: "short", day: "numeric" })}</span>
          </button>
        ))}
      </div>
      <div className={styles.pair}>
        <TextField
          label="Day"
          type="date"
          min="1970-01-01"
          max="9999-12-31"
          value={day}
          onChange={(event) => {
            setDay(event.target.value);
            if (isWholeDay(event.target.value)) onChange(on({ day: event.target.value, time: due?.time ?? null }));
          }}
        />
        <TextField
          label="Time"
          type="time"
          value={due?.time ?? ""}
          onChange={(event) => onChange(on({ day: due?.day ?? today, time: event.target.value || null }))}
        />
      </div>
      <p className={styles.note}>{due?.time ? `In ${zone.replaceAll("_", " ")}` : "Without a time it is due by the end of the day"}</p>
      {due ? (
        <div className={styles.actions}>
          {due.time ? (
            <Button variant="quiet" size="small" onClick={() => onChange(on({ ...due, time: null }))}>
              Any time
            </Button>
          ) : null}
          <Button variant="quiet" size="small" onClick={() => onDone(null)}>
            No due date
          </Button>
        </div>
      ) : null}
    </div>
  );
}
