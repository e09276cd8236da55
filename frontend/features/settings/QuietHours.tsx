"use client";
import { useState } from "react";
import type { User } from "@/sync/types";
import { Switch } from "@/ui/switch";
import { TextField } from "@/ui/field";
import { Section } from "./Section";
import styles from "./settings.module.css";
import { useSave } from "./useSave";

const AT_FIRST = { start: "22:00", end: "07:00" };

export function QuietHours({ user }: { user: User }) {
  const { saving, save } = useSave();
  const stored = user.notification_preferences.quiet_hours ?? null;
  const [hours, setHours] = useState(stored ?? AT_FIRST);
  const [isOn, setOn] = useState(stored !== null);
  const store = (next: typeof AT_FIRST | null) => save({ notification_preferences: { quiet_hours: next } });

  async function toggle(next: boolean) {
    setOn(next);
    if (!(await store(next ? hours : null))) setOn(!next);
  }

  function change(part: "start" | "end", value: string) {
    const next = { ...hours, [part]: value };
    setHours(next);
    if (/^\d\d:\d\d$/.test(value)) void store(next);
  }

  return (
    <Section title="Quiet hours" about="While these last, reminders only appear in the notifications; the other channels wait." saving={saving}>
      <div className={styles.switchLine}>
        <span className={styles.channelName}>Keep quiet every day</span>
        <Switch label="Quiet hours" checked={isOn} onChange={(next) => void toggle(next)} />
      </div>
      {isOn ? (
        <div className={styles.line}>
          <TextField label="From" type="time" required className={styles.grow} value={hours.start} onChange={(event) => change("start", event.target.value)} />
          <TextField label="To" type="time" required className={styles.grow} value={hours.end} onChange={(event) => change("end", event.target.value)} />
        </div>
      ) : null}
    </Section>
  );
}
