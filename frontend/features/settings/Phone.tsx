"use client";
import { type FormEvent, useState } from "react";
import type { User } from "@/sync/types";
import { Button } from "@/ui/button";
import { TextField } from "@/ui/field";
import styles from "./settings.module.css";
import { useSave } from "./useSave";

const E164 = /^\+[1-9][0-9]{6,14}$/;

/** The number for text messages, in E.164 without what people put between digits. */
export function Phone({ user }: { user: User }) {
  const stored = user.notification_preferences.phone ?? "";
  const { saving, save } = useSave();
  const [text, setText] = useState(stored);
  const [isWrong, setWrong] = useState(false);
  const number = text.replace(/[\s().\-/]/g, "").replace(/^00/, "+");
  async function onSubmit(event: FormEvent) {
    event.preventDefault();
    if (number && !E164.test(number)) {
      setWrong(true);
      return;
    }
    if (await save({ notification_preferences: { phone: number || null } })) setText(number);
  }
  const problem = isWrong ? "A number with its country, such as +41 79 123 45 67." : saving.state === "failed" ? saving.problem : null;
  return (
    <form className={styles.line} noValidate onSubmit={(event) => void onSubmit(event)}>
      <TextField
        label="Phone number"
        type="tel"
        inputMode="tel"
        autoComplete="tel"
        placeholder="+41 79 123 45 67"
        className={styles.grow}
        value={text}
        error={problem}
        hint={saving.state === "saved" ? "Saved" : "For text messages; empty forgets it."}
        onChange={(event) => {
          setWrong(false);
          setText(event.target.value);
        }}
      />
      <Button type="submit" className={styles.besideHint} disabled={number === stored || saving.state === "saving"}>
        {number || !stored ? "Save" : "Forget"}
      </Button>
    </form>
  );
}
