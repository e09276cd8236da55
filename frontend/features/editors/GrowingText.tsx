"use client";
import type { ComponentProps } from "react";
import { cx } from "@/ui/cx";
import styles from "./editors.module.css";

/** Text to edit in place that is as tall as what it holds. */
export function GrowingText({ label, className, value, ...rest }: ComponentProps<"textarea"> & { label: string; value: string }) {
  return (
    <span className={cx(styles.growing, className)}>
      <span className={styles.mirror} aria-hidden>
        {`${value || rest.placeholder || ""}\u200b`}
      </span>
      <textarea aria-label={label} rows={1} value={value} {...rest} />
    </span>
  );
}
