"use client";
import { X } from "lucide-react";
import { useState } from "react";
import { useToday, useZone } from "@/features/time/useNow";
import { instantOf, wallTime } from "@/features/time/zone";
import { Button, IconButton } from "@/ui/button";
import { NativeSelect, TextField } from "@/ui/field";
import { isWholeDay } from "./due";
import styles from "./editors.module.css";
import { beforeInWords, duration, isSameReminder, MAX_BEFORE, MAX_REMINDERS, reminderInWords, type ReminderUnit, sortedReminders, UNITS, USUAL } from "./reminders";

interface RemindersEditorProps {
  value: readonly string[];
  /** Durations count from a due date. */
  hasDue: boolean;
  onChange: (value: string[]) => void;
}

/** When to remind of a task: so long before it is due, or at a moment. */
export function RemindersEditor({ value, hasDue, onChange }: RemindersEditorProps) {
  const zone = useZone();
  const today = useToday();
  const [amount, setAmount] = useState("30");
  const [unit, setUnit] = useState<ReminderUnit>("minutes");
  const [moment, setMoment] = useState("");
  const isFull = value.length >= MAX_REMINDERS;
  const add = (text: string) => {
    if (!isFull && !value.some((each) => isSameReminder(each, text))) onChange(sortedReminders([...value, text]));
  };
  const remove = (text: string) => onChange(value.filter((each) => each !== text));
  const seconds = /^\d{1,5}$/.test(amount) ? Number(amount) * UNITS[unit] : NaN;
  const isMoment = isWholeDay(moment.slice(0, 10)) && moment.length >= 16;
  return (
    <div className={styles.editor}>
      {value.length > 0 ? (
        <ul className={styles.list} aria-label="Reminders set">
          {value.map((text) => (
            <li key={text}>
              <span>{reminderInWords(text, zone, today)}</span>
              <IconButton label={`Remove: ${reminderInWords(text, zone, today)}`} tipSide="left" size="small" onClick={() => remove(text)}>
                <X size={15} aria-hidden />
              </IconButton>
            </li>
          ))}
        </ul>
      ) : (
        <p className={styles.note}>No reminders</p>
      )}
      {isFull ? <p className={styles.note}>A task has at most {MAX_REMINDERS} reminders</p> : null}
      {!hasDue ? <p className={styles.note}>Reminders before the due date begin to count when the task has one</p> : null}
      <div className={styles.choices} role="group" aria-label="Usual reminders">
        {USUAL.map((usual) => {
          const set = value.find((each) => isSameReminder(each, duration(usual)));
          return (
            <button key={usual} type="button" className={styles.choice} aria-pressed={set !== undefined} disabled={isFull && set === undefined} onClick={() => (set === undefined ? add(duration(usual)) : remove(set))}>
              {usual === 0 ? "When due" : beforeInWords(usual)}
            </button>
          );
        })}
      </div>
      <fieldset className={styles.inline}>
        <legend className="visually-hidden">Another time before it is due</legend>
        <TextField label="Amount" hideLabel type="number" min={1} inputMode="numeric" className={styles.amount} value={amount} onChange={(event) => setAmount(event.target.value)} />
        <NativeSelect label="Unit" hideLabel value={unit} onChange={(event) => setUnit(event.target.value as ReminderUnit)}>
          {Object.keys(UNITS).map((name) => (
            <option key={name} value={name}>
              {name} before
            </option>
          ))}
        </NativeSelect>
        <Button aria-label="Add reminder before it is due" disabled={isFull || !(seconds > 0 && seconds <= MAX_BEFORE)} onClick={() => add(duration(seconds))}>
          Add
        </Button>
      </fieldset>
      <fieldset className={styles.inline}>
        <legend className="visually-hidden">At a moment</legend>
        <TextField label="Moment" hideLabel type="datetime-local" min={wallTime(Date.now(), zone)} max="9999-12-31T23:59" value={moment} onChange={(event) => setMoment(event.target.value)} />
        <Button
          aria-label="Add reminder at this moment"
          disabled={isFull || !isMoment}
          onClick={() => {
            add(instantOf(moment, zone));
            setMoment("");
          }}
        >
          Add
        </Button>
      </fieldset>
    </div>
  );
}
