import type { ReactNode } from "react";
import styles from "./shell.module.css";

/** The head of a view: its name, a line above it, and its actions. */
export function ViewHeader({ title, eyebrow, children }: { title: ReactNode; eyebrow?: ReactNode; children?: ReactNode }) {
  return (
    <header className={styles.header}>
      <div>
        {eyebrow ? <p className={styles.eyebrow}>{eyebrow}</p> : null}
        <h1>{title}</h1>
      </div>
      {children ? <div className={styles.headerActions}>{children}</div> : null}
    </header>
  );
}
