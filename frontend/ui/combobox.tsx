"use client";
import { Combobox as Base } from "@base-ui/react/combobox";
import { Check, ChevronsUpDown } from "lucide-react";
import styles from "./combobox.module.css";
import { cx } from "./cx";
import field from "./field.module.css";
import menu from "./menu.module.css";

export interface Option {
  value: string;
  label: string;
  /** At the right, quieter. */
  note?: string;
}

/** One choice of many, found by typing: the list opens below with a field to search it. */
export function Combobox({ label, value, options, placeholder, onChange }: {
  label: string;
  value: string;
  options: Option[];
  placeholder?: string;
  onChange: (value: string) => void;
}) {
  const chosen = options.find((option) => option.value === value) ?? { value, label: value };
  return (
    <Base.Root items={options} value={chosen} onValueChange={(next: Option | null) => next && onChange(next.value)} isItemEqualToValue={(a: Option, b: Option) => a.value === b.value} autoHighlight>
      <div className={field.field}>
        <Base.Label className={field.label}>{label}</Base.Label>
        <Base.Trigger className={cx(field.input, styles.trigger)}>
          <Base.Value />
          <ChevronsUpDown size={16} aria-hidden />
        </Base.Trigger>
      </div>
      <Base.Portal>
        <Base.Positioner className={menu.positioner} sideOffset={6} collisionPadding={8}>
          <Base.Popup className={cx(menu.popup, styles.popup)} aria-label={label}>
            <Base.Input className={cx(field.input, styles.search)} placeholder={placeholder} aria-label={`Search: ${label}`} />
            <Base.Empty className={styles.empty}>Nothing found</Base.Empty>
            <Base.List className={styles.list}>
              {(option: Option) => (
                <Base.Item key={option.value} value={option} className={menu.item}>
                  <span className={menu.mark}>
                    <Base.ItemIndicator>
                      <Check size={15} aria-hidden />
                    </Base.ItemIndicator>
                  </span>
                  {option.label}
                  {option.note ? <span className={styles.note}>{option.note}</span> : null}
                </Base.Item>
              )}
            </Base.List>
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
