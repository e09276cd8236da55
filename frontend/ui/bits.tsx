"use client";
import type { ReactNode } from "react";
import { cx } from "./cx";
import styles from "./bits.module.css";

/** The place of something that is still loading; sized by `className`. */
export function Skeleton({ className }: { className?: string }) {
  return <span aria-hidden className={cx(styles.skeleton, className)} />;
}

/** What a view shows when there is nothing, or when it could not be had. */
export function EmptyState({ icon, title, children, action }: { icon?: ReactNode; title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className={styles.empty}>
      {icon}
      <p className={styles.emptyTitle}>{title}</p>
      {children ? <p className={styles.emptyText}>{children}</p> : null}
      {action ? <div className={styles.emptyAction}>{action}</div> : null}
    </div>
  );
}

/** One choice of two to four, all in sight. */
export function Segments<T extends string>({ label, value, options, onChange }: {
  label: string;
  value: T;
  options: { value: T; label: string }[];
  onChange: (value: T) => void;
}) {
  return (
    <div role="group" aria-label={label} className={styles.segments}>
      {options.map((option) => (
        <button key={option.value} type="button" className={styles.segment} aria-pressed={option.value === value} onClick={() => onChange(option.value)}>
          {option.label}
        </button>
      ))}
    </div>
  );
}
