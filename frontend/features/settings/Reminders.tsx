"use client";
import { useState } from "react";
import { beforeInWords, duration, isSameReminder, MAX_REMINDERS, parseReminder, sortedReminders } from "@/features/editors/reminders";
import type { User } from "@/sync/types";
import { Section } from "./Section";
import styles from "./settings.module.css";
import { useSave } from "./useSave";

/** In seconds before a task is due. */
const USUAL = [0, 600, 1800, 3600, 86_400, 172_800, 604_800];

/** The reminders of a new task that names none. */
export function Reminders({ user }: { user: User }) {
  const { saving, save } = useSave();
  const stored = user.notification_preferences.default_reminders ?? [];
  const [chosen, setChosen] = useState(stored);
  const own = stored.filter((text) => !USUAL.some((seconds) => isSameReminder(text, duration(seconds))));
  const all = [...USUAL.map(duration), ...own];

  async function toggle(text: string) {
    const isOn = chosen.some((each) => isSameReminder(each, text));
    const next = isOn ? chosen.filter((each) => !isSameReminder(each, text)) : sortedReminders([...chosen, text]);
    setChosen(next);
    if (!(await save({ notification_preferences: { default_reminders: next } }))) setChosen(chosen);
  }

  return (
    <Section title="Default reminders" about="For a new task that names none. Each task can have its own." saving={saving}>
      <div className={styles.pills} role="group" aria-label="Default reminders">
        {all.map((text) => {
          const reminder = parseReminder(text);
          const isOn = chosen.some((each) => isSameReminder(each, text));
          return (
            <button key={text} type="button" className={styles.pill} aria-pressed={isOn} disabled={!isOn && chosen.length >= MAX_REMINDERS} onClick={() => void toggle(text)}>
              {reminder?.kind !== "before" ? text : reminder.seconds === 0 ? "When it is due" : beforeInWords(reminder.seconds)}
            </button>
          );
        })}
      </div>
    </Section>
  );
}
