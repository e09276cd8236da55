"use client";
import { Download } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { problemInWords } from "@/features/account/problems";
import { useToday } from "@/features/time/useNow";
import { Button } from "@/ui/button";
import { collect, download, type Progress } from "./export";
import { Section } from "./Section";
import styles from "./settings.module.css";

function inWords({ part, count, total }: Progress): string {
  if (part === "account") return "Reading your account";
  if (part === "waiting") return "The server asked to wait a moment; it goes on by itself";
  if (part === "tasks") return `Tasks: ${count} of ${total ?? count}`;
  return part === "notifications" ? `Notifications: ${count}` : `History: ${count} entries`;
}

export function ExportData() {
  const today = useToday();
  const running = useRef<AbortController | null>(null);
  const [progress, setProgress] = useState<Progress | null>(null);
  const [outcome, setOutcome] = useState<string | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  async function run() {
    const controller = new AbortController();
    running.current = controller;
    setOutcome(null);
    try {
      const all = await collect(setProgress, controller.signal);
      download(`todo-chatbot-${today}.json`, all);
      setOutcome(`Done: ${all.tasks.length} tasks, ${all.notifications.length} notifications and ${all.audit_trail.length} entries of history.`);
    } catch (error) {
      if (!controller.signal.aborted) setOutcome(`Nothing was exported. ${problemInWords(error)}`);
    } finally {
      setProgress(null);
    }
  }

  return (
    <Section title="Export my data" about="Your account, all tasks, notifications, and the history of every change, as one JSON file.">
      <div className={styles.line}>
        <Button disabled={progress !== null} onClick={() => void run()}>
          <Download size={16} aria-hidden /> Export
        </Button>
        {progress ? (
          <Button variant="quiet" onClick={() => running.current?.abort()}>
            Cancel
          </Button>
        ) : null}
      </div>
      {progress ? (
        <div className={styles.progress}>
          <progress aria-label="Export" max={progress.total} value={progress.total ? progress.count : undefined} />
          <span>{inWords(progress)}</span>
        </div>
      ) : null}
      <p role="status" className={styles.saving}>
        {outcome}
      </p>
    </Section>
  );
}
