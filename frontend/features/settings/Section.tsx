import { type ReactNode, useId } from "react";
import styles from "./settings.module.css";
import type { Saving } from "./useSave";

/** A part of the settings: what it is about at the left, what can be set at the right. */
export function Section({ title, about, saving, children }: { title: string; about?: ReactNode; saving?: Saving; children: ReactNode }) {
  const id = useId();
  return (
    <section className={styles.section} aria-labelledby={id}>
      <div className={styles.about}>
        <h2 id={id}>{title}</h2>
        {about ? <p>{about}</p> : null}
      </div>
      <div className={styles.controls}>
        {children}
        {saving ? <SavingState saving={saving} /> : null}
      </div>
    </section>
  );
}

function SavingState({ saving: { state, problem } }: { saving: Saving }) {
  return (
    <p className={styles.saving} data-state={state} role="status">
      {state === "saving" ? "Saving…" : state === "saved" ? "Saved" : state === "failed" ? `Not saved. ${problem}` : ""}
    </p>
  );
}
