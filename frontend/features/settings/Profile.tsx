"use client";
import { type FormEvent, useState } from "react";
import type { User } from "@/sync/types";
import { Button } from "@/ui/button";
import { TextField } from "@/ui/field";
import { Section } from "./Section";
import styles from "./settings.module.css";
import { useSave } from "./useSave";

export function Profile({ user }: { user: User }) {
  const { saving, save } = useSave();
  const [name, setName] = useState(user.username);
  const isChanged = name.trim() !== user.username;
  async function onSubmit(event: FormEvent) {
    event.preventDefault();
    if (isChanged) await save({ username: name.trim() });
  }
  return (
    <Section title="Profile" about={`You sign in with ${user.email}.`} saving={saving}>
      <form className={styles.line} onSubmit={(event) => void onSubmit(event)}>
        <TextField label="Name" className={styles.grow} autoComplete="name" maxLength={50} required value={name} onChange={(event) => setName(event.target.value)} />
        <Button type="submit" disabled={!isChanged || !name.trim() || saving.state === "saving"}>
          Save
        </Button>
      </form>
    </Section>
  );
}
