"use client";
import { useEffect, useState } from "react";
import { useToday } from "@/features/time/useNow";
import { addDays, firstWeekday } from "@/features/time/zone";
import { NativeSelect, TextField } from "@/ui/field";
import { isWholeDay } from "./due";
import styles from "./editors.module.css";
import { type End, MAX_COUNT, MAX_EVERY, type MonthDay, ordinal, type Rule, type Weekday, WEEKDAYS, weekdayName } from "./rule";

interface RuleFieldsProps {
  rule: Rule;
  /** What a week or month begins with where nothing is chosen yet. */
  startWeekday: Weekday;
  /** Monday to Friday: nothing to choose but the end. */
  isWorkingDays: boolean;
  onChange: (rule: Rule) => void;
}

/** The fields of a rule that can be drawn. */
export function RuleFields({ rule, startWeekday, isWorkingDays, onChange }: RuleFieldsProps) {
  return (
    <>
      {isWorkingDays ? null : (
        <div className={styles.sentence}>
          <span>Every</span>
          <NumberField label={`How many ${rule.unit}s`} value={rule.every} most={MAX_EVERY} onChange={(every) => onChange({ ...rule, every })} />
          <span>{rule.every === 1 ? rule.unit : `${rule.unit}s`}</span>
        </div>
      )}
      {rule.unit === "week" && !isWorkingDays ? <Weekdays chosen={rule.weekdays} startWeekday={startWeekday} onChange={(weekdays) => onChange({ ...rule, weekdays })} /> : null}
      {rule.unit === "month" ? <MonthDays value={rule.monthDay} startWeekday={startWeekday} onChange={(monthDay) => onChange({ ...rule, monthDay })} /> : null}
      <Ends value={rule.end} onChange={(end) => onChange({ ...rule, end })} />
    </>
  );
}

/** A whole number from 1; while what is typed is none, the last one stays. */
function NumberField({ label, value, most, onChange }: { label: string; value: number; most: number; onChange: (value: number) => void }) {
  const [text, setText] = useState(String(value));
  useEffect(() => setText((shown) => (Number(shown) === value || shown === "" ? shown : String(value))), [value]);
  return (
    <TextField
      label={label}
      hideLabel
      type="number"
      inputMode="numeric"
      min={1}
      max={most}
      className={styles.amount}
      value={text}
      onChange={(event) => {
        setText(event.target.value);
        const number = Number(event.target.value);
        if (Number.isInteger(number) && number >= 1 && number <= most) onChange(number);
      }}
      onBlur={() => setText(String(value))}
    />
  );
}

function Weekdays({ chosen, startWeekday, onChange }: { chosen: Weekday[]; startWeekday: Weekday; onChange: (days: Weekday[]) => void }) {
  const first = (firstWeekday() + 6) % 7;
  const days = [...WEEKDAYS.slice(first), ...WEEKDAYS.slice(0, first)];
  const shown = chosen.length > 0 ? chosen : [startWeekday];
  return (
    <div className={styles.weekdays} role="group" aria-label="On these days">
      {days.map((day) => {
        const isOn = shown.includes(day);
        return (
          <button
            key={day}
            type="button"
            className={styles.weekday}
            aria-label={weekdayName(day)}
            aria-pressed={isOn}
            onClick={() => {
              const next = isOn ? shown.filter((each) => each !== day) : [...shown, day];
              if (next.length > 0) onChange(next);
            }}
          >
            {weekdayName(day, "narrow")}
          </button>
        );
      })}
    </div>
  );
}

const NTHS = [1, 2, 3, 4, 5, -1];

function MonthDays({ value, startWeekday, onChange }: { value: MonthDay; startWeekday: Weekday; onChange: (value: MonthDay) => void }) {
  const choose = (kind: string) => {
    if (kind === "nth") onChange({ kind, nth: 1, weekday: startWeekday });
    else if (kind === "last") onChange({ kind });
    else onChange({ kind: "date", day: kind === "due" ? null : 1 });
  };
  return (
    <div className={styles.sentence}>
      <span>on</span>
      <NativeSelect label="Which day of the month" hideLabel value={value.kind === "date" ? (value.day === null ? "due" : "date") : value.kind} onChange={(event) => choose(event.target.value)}>
        <option value="due">the day of the due date</option>
        <option value="date">the date</option>
        <option value="nth">the weekday</option>
        <option value="last">the last day</option>
      </NativeSelect>
      {value.kind === "date" && value.day !== null ? <NumberField label="Day of the month" value={value.day} most={31} onChange={(day) => onChange({ kind: "date", day })} /> : null}
      {value.kind === "nth" ? (
        <>
          <NativeSelect label="Which of the month" hideLabel value={value.nth} onChange={(event) => onChange({ ...value, nth: Number(event.target.value) })}>
            {NTHS.map((nth) => (
              <option key={nth} value={nth}>
                {ordinal(nth)}
              </option>
            ))}
          </NativeSelect>
          <NativeSelect label="Weekday" hideLabel value={value.weekday} onChange={(event) => onChange({ ...value, weekday: event.target.value as Weekday })}>
            {WEEKDAYS.map((day) => (
              <option key={day} value={day}>
                {weekdayName(day)}
              </option>
            ))}
          </NativeSelect>
        </>
      ) : null}
    </div>
  );
}

function Ends({ value, onChange }: { value: End; onChange: (end: End) => void }) {
  const today = useToday();
  const [day, setDay] = useState(value.kind === "until" ? value.day : "");
  const choose = (kind: string) => {
    if (kind === "count") return onChange({ kind, count: 10 });
    if (kind === "never") return onChange({ kind });
    setDay(addDays(today, 90));
    onChange({ kind: "until", day: addDays(today, 90) });
  };
  return (
    <div className={styles.sentence}>
      <span>Ends</span>
      <NativeSelect label="When it ends" hideLabel value={value.kind} onChange={(event) => choose(event.target.value)}>
        <option value="never">never</option>
        <option value="until">on a day</option>
        <option value="count">after a number of times</option>
      </NativeSelect>
      {value.kind === "until" ? (
        <TextField
          label="Last day"
          hideLabel
          type="date"
          value={day}
          onChange={(event) => {
            setDay(event.target.value);
            if (isWholeDay(event.target.value)) onChange({ kind: "until", day: event.target.value });
          }}
        />
      ) : null}
      {value.kind === "count" ? (
        <>
          <NumberField label="How many times" value={value.count} most={MAX_COUNT} onChange={(count) => onChange({ kind: "count", count })} />
          <span>{value.count === 1 ? "time" : "times"}</span>
        </>
      ) : null}
    </div>
  );
}
