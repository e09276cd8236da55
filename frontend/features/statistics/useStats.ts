"use client";
import { useCallback, useEffect, useState } from "react";
import { answer, todo } from "@/api/client";
import type { components } from "@/api/todo";
import { problemInWords } from "@/features/account/problems";
import { onUpdate } from "@/sync/updates";

export type Stats = components["schemas"]["StatsAnswer"];

/** Events come in bursts; the server counts once for each. */
const DEBOUNCE = 800;

/** The person's numbers, counted by the server; again when tasks change. `problem` only where there is nothing to show. */
export function useStats() {
  const [stats, setStats] = useState<Stats | null>(null);
  const [problem, setProblem] = useState<string | null>(null);

  const load = useCallback(async () => {
    setProblem(null);
    try {
      setStats(await answer(todo.GET("/api/stats")));
    } catch (error) {
      setProblem(problemInWords(error));
    }
  }, []);

  useEffect(() => {
    void load();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = onUpdate((event) => {
      if (event.event_type === "notification") return;
      clearTimeout(timer);
      timer = setTimeout(() => void load(), DEBOUNCE);
    });
    const onVisible = () => document.visibilityState === "visible" && void load();
    window.addEventListener("online", load);
    document.addEventListener("visibilitychange", onVisible);
    return () => {
      end();
      clearTimeout(timer);
      window.removeEventListener("online", load);
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, [load]);

  return { stats, problem, retry: () => void load() };
}
