"use client";
import { Switch as BaseSwitch } from "@base-ui/react/switch";
import styles from "./switch.module.css";

/** On or off, at once. */
export function Switch({ label, checked, disabled, onChange }: { label: string; checked: boolean; disabled?: boolean; onChange: (checked: boolean) => void }) {
  return (
    <BaseSwitch.Root aria-label={label} className={styles.switch} checked={checked} disabled={disabled} onCheckedChange={onChange}>
      <BaseSwitch.Thumb className={styles.thumb} />
    </BaseSwitch.Root>
  );
}
