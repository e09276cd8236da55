"use client";
import { Autocomplete } from "@base-ui/react/autocomplete";
import { Bell, CalendarDays, ChartNoAxesColumn, Columns3, Inbox, Keyboard, ListTodo, LogOut, type LucideIcon, MessageCircle, Moon, Plus, Settings, Sun, Circle, CircleCheck } from "lucide-react";
import { useRouter } from "next/navigation";
import { useMemo, useState } from "react";
import { leave } from "@/features/account/leave";
import { focusChat } from "@/features/shell/ShellShortcuts";
import { newTask, openTask, useShell } from "@/features/shell/state";
import { toggleTheme } from "@/features/shell/theme";
import { unsentChanges } from "@/sync/connection";
import { useTasks } from "@/sync/tasks";
import { Dialog } from "@/ui/dialog";
import { notify } from "@/ui/notify";
import styles from "./palette.module.css";

interface Entry {
  id: string;
  label: string;
  icon: LucideIcon;
  keys?: string;
  run: () => void;
}

const MAX_TASKS = 8;

function close(): void {
  useShell.setState({ palette: false });
}

/** Finds a view, a command or a task by a few letters, and goes there. */
export function Palette() {
  const router = useRouter();
  const tasks = useTasks();
  const [query, setQuery] = useState("");

  const commands = useMemo((): Entry[] => {
    const go = (label: string, path: string, icon: LucideIcon, keys?: string): Entry => ({ id: path, label, icon, keys, run: () => router.push(path) });
    return [
      { id: "new", label: "New task", icon: Plus, keys: "N", run: () => newTask() },
      { id: "chat", label: "Write to the chatbot", icon: MessageCircle, keys: "C", run: () => setTimeout(() => focusChat(router.push)) },
      go("Today", "/", Sun, "G T"),
      go("Upcoming", "/upcoming", Inbox, "G U"),
      go("Tasks", "/tasks", ListTodo, "G L"),
      go("Calendar", "/calendar", CalendarDays, "G C"),
      go("Board", "/board", Columns3, "G B"),
      go("Statistics", "/statistics", ChartNoAxesColumn, "G I"),
      go("Notifications", "/notifications", Bell, "G N"),
      go("Settings", "/settings", Settings, "G S"),
      { id: "theme", label: "Switch between light and dark", icon: Moon, run: toggleTheme },
      { id: "keys", label: "Keyboard shortcuts", icon: Keyboard, keys: "?", run: () => useShell.setState({ shortcuts: true }) },
      {
        id: "out",
        label: "Sign out",
        icon: LogOut,
        run: () => {
          if (unsentChanges() > 0) router.push("/settings");
          else void leave().catch((error: Error) => notify("Could not sign out", { description: error.message, error: true }));
        },
      },
    ];
  }, [router]);

  const words = query.trim().toLowerCase();
  const found = useMemo(() => {
    const matches = (label: string) => words.split(/\s+/).every((word) => label.toLowerCase().includes(word));
    const groups = [{ name: "Commands", items: commands.filter((entry) => matches(entry.label)) }];
    if (words) {
      const entries = tasks
        .filter((task) => matches(`${task.title} ${task.tags.join(" ")}`))
        .slice(0, MAX_TASKS)
        .map((task): Entry => ({ id: task.id, label: task.title, icon: task.status === "completed" ? CircleCheck : Circle, run: () => openTask(task.id) }));
      groups.unshift({ name: "Tasks", items: entries });
    }
    return groups.filter((group) => group.items.length > 0);
  }, [commands, tasks, words]);

  const run = (entry: Entry) => {
    close();
    entry.run();
  };

  return (
    <Dialog open onOpenChange={close} title="Command palette" hideTitle>
      <Autocomplete.Root
        inline
        open
        items={found.flatMap((group) => group.items)}
        filter={null}
        value={query}
        onValueChange={setQuery}
        autoHighlight="always"
        itemToStringValue={(entry: Entry) => entry.label}
      >
        <Autocomplete.Input className={styles.input} placeholder="Find a task, a view or a command" aria-label="Find a task, a view or a command" autoFocus />
        <Autocomplete.List className={styles.list}>
          {found.map((group) => (
            <Autocomplete.Group key={group.name}>
              <Autocomplete.GroupLabel className={styles.group}>{group.name}</Autocomplete.GroupLabel>
              {group.items.map((entry) => (
                <Autocomplete.Item key={entry.id} value={entry} className={styles.item} onClick={() => run(entry)}>
                  <entry.icon size={17} aria-hidden />
                  <span>{entry.label}</span>
                  {entry.keys ? <kbd aria-hidden>{entry.keys}</kbd> : null}
                </Autocomplete.Item>
              ))}
            </Autocomplete.Group>
          ))}
        </Autocomplete.List>
        {found.length === 0 ? <p className={styles.none}>Nothing found</p> : null}
      </Autocomplete.Root>
    </Dialog>
  );
}
