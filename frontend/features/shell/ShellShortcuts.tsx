"use client";
import { useRouter } from "next/navigation";
import { useShortcuts } from "@/features/keyboard/shortcuts";
import { undoLast } from "@/sync/tasks";
import { notify } from "@/ui/notify";
import { newTask, useShell } from "./state";

/** Puts the cursor where one talks to the chatbot; on a phone that is a view of its own. */
export function focusChat(goTo: (path: string) => void): void {
  const input = document.getElementById("chat-input");
  if (input) input.focus();
  else goTo("/chat");
}

/** The shortcuts that work in every view. */
export function ShellShortcuts() {
  const router = useRouter();
  const go = (keys: string, label: string, path: string) => ({ keys, label, group: "Go to" as const, run: () => router.push(path) });
  useShortcuts([
    go("g t", "Today", "/"),
    go("g u", "Upcoming", "/upcoming"),
    go("g l", "Task list", "/tasks"),
    go("g c", "Calendar", "/calendar"),
    go("g b", "Board", "/board"),
    go("g n", "Notifications", "/notifications"),
    go("g i", "Statistics", "/statistics"),
    go("g s", "Settings", "/settings"),
    { keys: "c", label: "Write to the chatbot", group: "Everywhere", run: () => focusChat(router.push) },
    { keys: "mod+k", label: "Command palette", group: "Everywhere", run: () => useShell.setState({ palette: true }) },
    { keys: "?", label: "Keyboard shortcuts", group: "Everywhere", run: () => useShell.setState({ shortcuts: true }) },
    { keys: "n", label: "New task", group: "Tasks", run: () => newTask() },
    {
      keys: "mod+z",
      label: "Undo the last change",
      group: "Tasks",
      run: () => void notify(undoLast() ? "Undone" : "Nothing to undo"),
    },
  ]);
  return null;
}
