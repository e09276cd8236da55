"use client";
import dynamic from "next/dynamic";
import { usePathname, useRouter } from "next/navigation";
import { type ReactNode, useDeferredValue, useEffect } from "react";
// Part of the first load, since every view here needs it; `session` asks for it by itself.
import "@/sync/engine";
import { useSession } from "@/sync/session";
import { Banners } from "./Banners";
import { Loading } from "./Loading";
import { Nav, Tabs } from "./Nav";
import { ShellShortcuts } from "./ShellShortcuts";
import styles from "./shell.module.css";
import { useShell } from "./state";
import { useMedia, WIDE } from "./useMedia";

const ChatPanel = dynamic(() => import("@/features/chat/ChatPanel").then((module) => module.ChatPanel), { ssr: false });
const TaskPanel = dynamic(() => import("@/features/task-panel/TaskPanel").then((module) => module.TaskPanel), { ssr: false });
const loadNewTask = () => import("@/features/editors/NewTask").then((module) => module.NewTask);
const loadPalette = () => import("@/features/keyboard/Palette").then((module) => module.Palette);
const NewTask = dynamic(loadNewTask, { ssr: false });
const Palette = dynamic(loadPalette, { ssr: false });
const ShortcutSheet = dynamic(() => import("@/features/keyboard/ShortcutSheet").then((module) => module.ShortcutSheet), { ssr: false });

/** The frame of the views: navigation, the view, and the chat beside it where there is room. */
export function Shell({ children }: { children: ReactNode }) {
  const { status } = useSession();
  const router = useRouter();
  const path = usePathname();
  const isWide = useMedia(WIDE);
  const isChat = path === "/chat";
  const { palette, shortcuts, newTask } = useShell();

  useEffect(() => {
    if (status === "signed-out") router.replace(path === "/" ? "/login" : `/login?next=${encodeURIComponent(path + window.location.search)}`);
  }, [status, router, path]);

  // Deferred: a view with many tasks is made in slices, between which the page answers.
  const isIn = useDeferredValue(status === "signed-in");
  useEffect(() => {
    if (!isIn) return;
    // What a key opens is there when the key is pressed, and costs nothing while the page is only looked at.
    const preload = () => void Promise.all([loadNewTask(), loadPalette()]).catch(() => {});
    const begins = ["pointermove", "keydown", "focusin"] as const;
    begins.forEach((event) => window.addEventListener(event, preload, { once: true }));
    return () => begins.forEach((event) => window.removeEventListener(event, preload));
  }, [isIn]);
  return (
    <div className={styles.shell} data-chat={isChat ? "page" : "beside"}>
      <a className={styles.skip} href="#main">
        Skip to content
      </a>
      <Nav />
      <main id="main" tabIndex={-1} className={styles.main}>
        {isIn ? (
          <>
            <Banners />
            {children}
          </>
        ) : (
          <Loading />
        )}
      </main>
      {isIn && isWide && !isChat ? (
        <aside className={styles.chat} aria-label="Chat">
          <ChatPanel />
        </aside>
      ) : isChat ? null : (
        <div className={styles.chat} />
      )}
      <Tabs />
      {isIn ? (
        <>
          <ShellShortcuts />
          <TaskPanel />
          {newTask ? <NewTask /> : null}
          {palette ? <Palette /> : null}
          {shortcuts ? <ShortcutSheet /> : null}
        </>
      ) : null}
    </div>
  );
}
