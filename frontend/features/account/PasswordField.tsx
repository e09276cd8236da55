"use client";
import { type ComponentProps, useState } from "react";
import { TextField } from "@/ui/field";
import styles from "./account.module.css";

/** A password that can be looked at while it is typed. */
export function PasswordField(props: ComponentProps<typeof TextField>) {
  const [isShown, setShown] = useState(false);
  return (
    <div className={styles.password}>
      <TextField {...props} type={isShown ? "text" : "password"} autoCapitalize="none" autoCorrect="off" spellCheck={false} />
      <button type="button" className={styles.show} aria-pressed={isShown} aria-label={`Show ${props.label.toLowerCase()}`} onClick={() => setShown(!isShown)}>
        {isShown ? "Hide" : "Show"}
      </button>
    </div>
  );
}
