import { CalendarDays, Check, CornerDownRight, Flag, Repeat } from "lucide-react";
import type { ReactNode } from "react";
import { Logo } from "@/features/shell/Logo";
import styles from "./welcome.module.css";

/** What the product does, with a sentence that the chatbot takes as it stands and the task that it makes of it. */
function Story() {
  return (
    <section className={styles.story} aria-label="What it does">
      <p className={styles.claim}><span>Say it the way you think it.</span> <span>It lands on your list.</span></p>
      <div className={styles.example}>
        <p className={styles.sentence}>
          Pay rent <span data-part="when">on the 1st</span> <span data-part="repeat">of every month</span>, <span data-part="priority">high priority</span>{" "}
          <span data-part="tag">#home</span>
        </p>
        <CornerDownRight className={styles.turn} size={22} strokeWidth={1.5} role="img" aria-label="becomes" />
        <div className={styles.card}>
          <span className={styles.circle}>
            <Check size={14} strokeWidth={3} aria-hidden />
          </span>
          <div>
            <p className={styles.task}>Pay rent</p>
            <p className={styles.marks}>
              <span data-part="when">
                <CalendarDays size={13} aria-hidden /> The 1st, 9:00
              </span>
              <span data-part="repeat">
                <Repeat size={13} aria-hidden /> Every month
              </span>
              <span data-part="priority">
                <Flag size={13} aria-hidden fill="currentColor" /> High
              </span>
              <span data-part="tag">#home</span>
            </p>
          </div>
        </div>
      </div>
      <p className={styles.note}>On every device at once, and offline too.</p>
    </section>
  );
}

/** The frame of signing in and registering: the form, and beside it on a wide window what it opens. */
export function Welcome({ children }: { children: ReactNode }) {
  return (
    <div className={styles.frame}>
      <header className={styles.brand}>
        <Logo size={28} />
        <span>Todo Chatbot</span>
      </header>
      <Story />
      <main className={styles.main}>
        <div className={styles.column}>{children}</div>
      </main>
    </div>
  );
}
