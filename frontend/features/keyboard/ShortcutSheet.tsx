"use client";
import { useShell } from "@/features/shell/state";
import { Dialog } from "@/ui/dialog";
import styles from "./palette.module.css";
import { shortcutsInForce } from "./shortcuts";

const KEY_NAMES: Record<string, string> = {
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
  Delete: "Del",
  " ": "Space",
  Escape: "Esc",
};

function keyName(key: string): string {
  const isMac = navigator.platform.startsWith("Mac");
  return key
    .split("+")
    .map((part) => (part === "mod" ? (isMac ? "⌘" : "Ctrl") : (KEY_NAMES[part] ?? (part.length === 1 ? part.toUpperCase() : part))))
    .join(isMac ? "" : "+");
}

/** All keyboard shortcuts that are in force in this view. */
export function ShortcutSheet() {
  const groups = Map.groupBy(shortcutsInForce(), (shortcut) => shortcut.group);
  return (
    <Dialog open onOpenChange={() => useShell.setState({ shortcuts: false })} title="Keyboard shortcuts">
      <div className={styles.sheet}>
        {[...groups].map(([name, shortcuts]) => (
          <section key={name} className={styles.section}>
            <h3>{name}</h3>
            <dl>
              {shortcuts.map((shortcut) => (
                <div key={shortcut.keys} className={styles.row}>
                  <dt>{shortcut.label}</dt>
                  <dd className={styles.keys}>
                    {(shortcut.keys === " " ? [" "] : shortcut.keys.split(" ")).map((key, index) => (
                      <kbd key={index}>{keyName(key)}</kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
