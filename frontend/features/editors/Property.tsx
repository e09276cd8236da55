"use client";
import { type ReactNode, useState } from "react";
import { cx } from "@/ui/cx";
import { Popover } from "@/ui/popover";
import styles from "./editors.module.css";

interface TriggerProps {
  name: string;
  icon: ReactNode;
  /** The value in words; null: there is none. */
  summary: ReactNode | null;
  /** Small and with its name only where there is no value, for lines of them. */
  isChip?: boolean;
}

/** The insides of what opens an editor: a line of a task's panel, or a chip. */
export function propertyTrigger({ name, icon, summary, isChip }: TriggerProps) {
  const isSet = summary !== null;
  return (
    <button type="button" className={cx(isChip ? styles.chip : styles.row)} data-set={isSet || undefined}>
      {icon}
      <span className={isChip && isSet ? "visually-hidden" : styles.name}>{name}</span>
      {isSet ? <span className={styles.value}>{summary}</span> : isChip ? null : <span className={styles.value}>None</span>}
    </button>
  );
}

interface PropertyProps<T> extends TriggerProps {
  value: T;
  /** The person has chosen another value than `saw`, and is done. */
  onCommit: (value: T, saw: T) => void;
  /** The editor; `done` takes the value and closes. */
  children: (draft: T, change: (draft: T) => void, done: (value: T) => void) => ReactNode;
}

/** A value and the small panel that edits it: what is changed there counts when it closes, so that one edit is one change. */
export function Property<T>({ name, icon, summary, isChip, value, onCommit, children }: PropertyProps<T>) {
  const [draft, setDraft] = useState<{ value: T; saw: T } | null>(null);
  const [isOpen, setOpen] = useState(false);
  const saw = draft ? draft.saw : value;
  const close = (last: { value: T } | null) => {
    setOpen(false);
    setDraft(null);
    if (last) onCommit(last.value, saw);
  };
  return (
    <Popover
      label={name}
      open={isOpen}
      onOpenChange={(open) => (open ? setOpen(true) : close(draft))}
      trigger={propertyTrigger({ name, icon, summary, isChip })}
    >
      {children(
        draft ? draft.value : value,
        (next) => setDraft({ value: next, saw }),
        (next) => close({ value: next }),
      )}
    </Popover>
  );
}
