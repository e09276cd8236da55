"use client";
import type { PushState } from "@/features/notifications/push";
import { usePush } from "@/features/notifications/usePush";
import { Switch } from "@/ui/switch";
import styles from "./settings.module.css";

const REASONS: Record<Exclude<PushState, "on" | "off">, string> = {
  insecure: "Needs a secure connection: open this page over https.",
  unsupported: "This browser has no push messages.",
  "home-screen": "Add this page to the home screen first; then it can be turned on here.",
  denied: "Blocked in this browser. Its site settings, left of the address, can allow notifications again.",
  "not-configured": "Push is not set up on this server.",
};

/** Push in this browser. */
export function PushHere() {
  const { state, isBusy, problem, turnOn, turnOff } = usePush();
  const isPossible = state === "on" || state === "off";
  const text = problem ?? (state === null ? "…" : state === "on" ? "Reminders come also when the page is closed." : state === "off" ? "Your browser will ask you once." : REASONS[state]);
  return (
    <div className={styles.switchLine}>
      <span className={styles.channelText}>
        <span className={styles.channelName}>Push in this browser</span>
        <span className={styles.channelState} data-problem={!!problem}>
          {text}
        </span>
      </span>
      <Switch label="Push in this browser" checked={state === "on"} disabled={!isPossible || isBusy} onChange={(isOn) => (isOn ? turnOn() : turnOff())} />
    </div>
  );
}
