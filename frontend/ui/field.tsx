"use client";
import { type ComponentProps, type ReactNode, useId } from "react";
import { cx } from "./cx";
import styles from "./field.module.css";

interface FieldProps {
  label: string;
  /** Only read out. */
  hideLabel?: boolean;
  hint?: ReactNode;
  error?: string | null;
  className?: string;
}

function Frame({ id, label, hideLabel, hint, error, className, children }: FieldProps & { id: string; children: ReactNode }) {
  return (
    <div className={cx(styles.field, className)}>
      <label htmlFor={id} className={hideLabel ? "visually-hidden" : styles.label}>
        {label}
      </label>
      {children}
      {hint && !error ? (
        <p id={`${id}-hint`} className={styles.hint}>
          {hint}
        </p>
      ) : null}
      {error ? (
        <p id={`${id}-error`} className={styles.error} role="alert">
          {error}
        </p>
      ) : null}
    </div>
  );
}

function describedBy(id: string, hint: ReactNode, error: string | null | undefined) {
  return error ? `${id}-error` : hint ? `${id}-hint` : undefined;
}

/** A line of text, or any native input by `type`, with label, hint and error. */
export function TextField({ label, hideLabel, hint, error, className, id: given, ...rest }: FieldProps & ComponentProps<"input">) {
  const own = useId();
  const id = given ?? own;
  return (
    <Frame {...{ id, label, hideLabel, hint, error, className }}>
      <input id={id} className={styles.input} aria-invalid={error ? true : undefined} aria-describedby={describedBy(id, hint, error)} {...rest} />
    </Frame>
  );
}

/** A choice of few, as the platform shows it. */
export function NativeSelect({ label, hideLabel, hint, error, className, ...rest }: FieldProps & ComponentProps<"select">) {
  const id = useId();
  return (
    <Frame {...{ id, label, hideLabel, hint, error, className }}>
      <select id={id} className={styles.input} aria-invalid={error ? true : undefined} aria-describedby={describedBy(id, hint, error)} {...rest} />
    </Frame>
  );
}
