"use client";
import { Bell, CalendarDays, ChartNoAxesColumn, Columns3, Inbox, ListTodo, MessageCircle, Settings, Sun, Command } from "lucide-react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { useMemo } from "react";
import { isOver } from "@/features/tasks/marks";
import { useToday, useZone } from "@/features/time/useNow";
import { addDays, startOf } from "@/features/time/zone";
import { useConnection } from "@/sync/connection";
import { useInbox } from "@/sync/notifications";
import { useTasks } from "@/sync/tasks";
import { Logo } from "./Logo";
import styles from "./shell.module.css";
import { useShell } from "./state";

const VIEWS = [
  { path: "/", name: "Today", icon: Sun },
  { path: "/upcoming", name: "Upcoming", icon: Inbox },
  { path: "/tasks", name: "Tasks", icon: ListTodo },
  { path: "/calendar", name: "Calendar", icon: CalendarDays },
  { path: "/board", name: "Board", icon: Columns3 },
  { path: "/statistics", name: "Statistics", icon: ChartNoAxesColumn },
];

const TABS = [
  { path: "/", name: "Today", icon: Sun },
  { path: "/tasks", name: "Tasks", icon: ListTodo },
  { path: "/chat", name: "Chat", icon: MessageCircle },
  { path: "/calendar", name: "Calendar", icon: CalendarDays },
];

/** How many open tasks are due today or overdue. */
function useDueCount(): number {
  const [zone, today, tasks] = [useZone(), useToday(), useTasks()];
  return useMemo(() => {
    const tomorrow = startOf(addDays(today, 1), zone);
    return tasks.filter((task) => task.due_date && !isOver(task) && Date.parse(task.due_date) < tomorrow).length;
  }, [tasks, today, zone]);
}

function ConnectionState() {
  const { state, unsent } = useConnection();
  const waiting = unsent > 0 ? `, ${unsent} to send` : "";
  const text = state === "live" ? (unsent > 0 ? `Saving ${unsent}` : "Live") : state === "offline" ? `Offline${waiting}` : `Connecting${waiting}`;
  return (
    <p className={styles.status} data-state={state} role="status">
      <i />
      <span className={styles.label}>{text}</span>
    </p>
  );
}

/** The way to each view, at the left of windows that are not a phone's. */
export function Nav() {
  const path = usePathname();
  const due = useDueCount();
  const { unread } = useInbox();
  const link = (to: string, name: string, Icon: typeof Sun, count?: number, dot?: boolean) => (
    <Link key={to} href={to} prefetch={false} className={styles.link} aria-current={path === to ? "page" : undefined} title={name}>
      <Icon size={19} strokeWidth={1.75} aria-hidden />
      <span className={styles.label}>{name}</span>
      {count ? <span className={styles.count}>{count}</span> : null}
      {dot ? <span className={styles.dot} /> : null}
    </Link>
  );
  return (
    <nav className={styles.nav} aria-label="Views">
      <Link href="/" prefetch={false} className={styles.brand} aria-label="Todo Chatbot, today">
        <Logo size={24} />
        <span className={styles.label}>Todo Chatbot</span>
      </Link>
      {VIEWS.map((view) => link(view.path, view.name, view.icon, view.path === "/" ? due : undefined))}
      <span className={styles.spacer} />
      <ConnectionState />
      <button type="button" className={styles.link} title="Command palette" onClick={() => useShell.setState({ palette: true })}>
        <Command size={19} strokeWidth={1.75} aria-hidden />
        <span className={styles.label}>Commands</span>
      </button>
      {link("/notifications", "Notifications", Bell, unread, unread > 0)}
      {link("/settings", "Settings", Settings)}
    </nav>
  );
}

/** The same on a phone: four views and the way to the others. */
export function Tabs() {
  const path = usePathname();
  const { unread } = useInbox();
  return (
    <nav className={styles.tabs} aria-label="Views">
      {TABS.map(({ path: to, name, icon: Icon }) => (
        <Link key={to} href={to} prefetch={false} className={styles.tab} aria-current={path === to ? "page" : undefined}>
          <Icon size={21} strokeWidth={1.75} aria-hidden />
          {name}
        </Link>
      ))}
      <button type="button" className={styles.tab} onClick={() => useShell.setState({ palette: true })}>
        <Command size={21} strokeWidth={1.75} aria-hidden />
        More
        {unread > 0 ? <span className={styles.dot} /> : null}
      </button>
    </nav>
  );
}
