"use client";
import { useState } from "react";
import { leave } from "@/features/account/leave";
import { useConnection } from "@/sync/connection";
import { Button } from "@/ui/button";
import { Section } from "./Section";
import styles from "./settings.module.css";

/** Signing out; where changes would be lost by it, only after a second click. */
export function ThisDevice() {
  const { unsent, state } = useConnection();
  const [isAsked, setAsked] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const hasUnsent = unsent > 0;

  async function onSignOut() {
    if (hasUnsent && !isAsked) {
      setAsked(true);
      return;
    }
    setBusy(true);
    await leave();
  }

  const changes = `${unsent} ${unsent === 1 ? "change" : "changes"}`;
  return (
    <Section title="This device" about="Signing out removes your tasks from this browser. They stay on the server.">
      {hasUnsent ? (
        <p className={styles.warning} role={isAsked ? "alert" : undefined}>
          {changes} made here {unsent === 1 ? "has" : "have"} not reached the server{state === "offline" ? ", since you are offline" : " yet"}. Signing out now loses {unsent === 1 ? "it" : "them"}.
        </p>
      ) : null}
      <div className={styles.line}>
        <Button variant={hasUnsent && isAsked ? "danger" : "outline"} disabled={isBusy} onClick={() => void onSignOut()}>
          {hasUnsent && isAsked ? `Sign out and lose ${changes}` : "Sign out"}
        </Button>
        {hasUnsent && isAsked ? (
          <Button variant="quiet" onClick={() => setAsked(false)}>
            Stay
          </Button>
        ) : null}
      </div>
    </Section>
  );
}
