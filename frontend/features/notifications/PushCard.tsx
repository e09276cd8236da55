"use client";
import { BellRing, X } from "lucide-react";
import { useState } from "react";
import { Button, IconButton } from "@/ui/button";
import styles from "./notifications.module.css";
import { usePush } from "./usePush";

const DISMISSED = "push-offer-dismissed";

function wasDismissed(): boolean {
  try {
    return localStorage.getItem(DISMISSED) !== null;
  } catch {
    return false;
  }
}

/** Offers push where it is possible and off. Only a click makes the browser ask. */
export function PushCard() {
  const { state, isBusy, problem, turnOn } = usePush();
  const [isDismissed, setDismissed] = useState(wasDismissed);
  const [wasOff, setWasOff] = useState(false);
  if (state === "off" && !wasOff) setWasOff(true);
  if (wasOff && state === "on")
    return (
      <p className={styles.offer} role="status">
        <BellRing size={20} strokeWidth={1.75} aria-hidden />
        <span className={styles.offerText}>Reminders now reach you here, even when the page is closed. Settings turns them off again.</span>
      </p>
    );
  if (wasOff && state === "denied")
    return (
      <p className={styles.offer} role="status">
        <span className={styles.offerText}>Your browser keeps notifications of this site off. Its site settings, left of the address, can allow them.</span>
      </p>
    );
  if (state !== "off" || isDismissed) return null;
  return (
    <section className={styles.offer} aria-label="Push notifications">
      <BellRing size={20} strokeWidth={1.75} aria-hidden />
      <p className={styles.offerText}>
        <b>Be reminded when this page is closed.</b> {problem ?? "Your browser will ask you once."}
      </p>
      <Button size="small" variant="primary" disabled={isBusy} onClick={turnOn}>
        Turn on
      </Button>
      <IconButton
        size="small"
        label="Not now"
        tipSide="left"
        onClick={() => {
          setDismissed(true);
          try {
            localStorage.setItem(DISMISSED, "1");
          } catch {
            // It is offered again with the next page.
          }
        }}
      >
        <X size={16} aria-hidden />
      </IconButton>
    </section>
  );
}
