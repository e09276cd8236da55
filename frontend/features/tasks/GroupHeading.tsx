import type { ReactNode } from "react";
import styles from "./list.module.css";

/** The heading of a group of tasks, with a note beside it and what can be done with all of them. */
export function GroupHeading({ title, note, tone, children }: { title: string; note?: ReactNode; tone?: "urgent"; children?: ReactNode }) {
  return (
    <div className={styles.groupHead} data-tone={tone}>
      <h2>{title}</h2>
      {note ? <span className={styles.groupNote}>{note}</span> : null}
      {children ? <span className={styles.groupAction}>{children}</span> : null}
    </div>
  );
}
