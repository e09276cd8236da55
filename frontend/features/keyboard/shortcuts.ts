"use client";
import { useEffect, useRef } from "react";
import { useShell } from "@/features/shell/state";

/** A key (`n`, `?`, `mod+k`) or two in a row (`g t`) and what it does. `mod` is Command on a Mac, else Control. */
export interface Shortcut {
  keys: string;
  /** What it does, for the sheet. */
  label: string;
  /** Under which heading of the sheet. */
  group: "Go to" | "Tasks" | "Everywhere" | "Selected task";
  run: () => void;
}

const registered = new Set<Shortcut>();
let pending: { key: string; at: number } | null = null;

/** All that are in force now, for the sheet. */
export function shortcutsInForce(): Shortcut[] {
  return [...registered];
}

function isTyping(target: EventTarget | null): boolean {
  const element = target instanceof HTMLElement ? target : null;
  return Boolean(element?.closest("input, textarea, select, [contenteditable=true], [role=menu], [role=listbox]"));
}

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || event.altKey) return;
  const mod = event.ctrlKey || event.metaKey;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const single = mod ? `mod+${key}` : key;
  // Text being typed has keys of its own, undo among them; so has a dialog, also while it loads.
  const { palette, shortcuts, newTask } = useShell.getState();
  const isBusy = isTyping(event.target) || palette || shortcuts || newTask !== null || document.querySelector('[role="dialog"][data-open]');
  if (isBusy && single !== "mod+k") return;
  const chord = pending && event.timeStamp - pending.at < 900 ? `${pending.key} ${single}` : null;
  const found = [...registered].findLast((shortcut) => shortcut.keys === chord) ?? [...registered].findLast((shortcut) => shortcut.keys === single);
  pending = found || mod ? null : { key: single, at: event.timeStamp };
  if (found) {
    event.preventDefault();
    found.run();
  }
}

/** Has these shortcuts in force while the component is mounted; the newest of the same keys wins. */
export function useShortcuts(shortcuts: Shortcut[]): void {
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  const keys = shortcuts.map((shortcut) => shortcut.keys).join();
  useEffect(() => {
    const own = latest.current.map((shortcut, index) => ({ ...shortcut, run: () => latest.current[index]?.run() }));
    if (registered.size === 0) window.addEventListener("keydown", onKeyDown);
    own.forEach((shortcut) => registered.add(shortcut));
    return () => {
      own.forEach((shortcut) => registered.delete(shortcut));
      if (registered.size === 0) window.removeEventListener("keydown", onKeyDown);
    };
  }, [keys]);
}
