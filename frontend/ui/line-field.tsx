"use client";
import type { ComponentProps, ReactNode } from "react";
import styles from "./line-field.module.css";

interface LineFieldProps extends ComponentProps<"input"> {
  /** Read out; what is to be typed stands in the placeholder. */
  label: string;
  icon: ReactNode;
  /** A button at its end. */
  action?: ReactNode;
}

/** A line of text with an icon before it, over the whole width. */
export function LineField({ label, icon, action, ...rest }: LineFieldProps) {
  return (
    <div className={styles.line}>
      {icon}
      <input aria-label={label} {...rest} />
      {action}
    </div>
  );
}
