import { useEffect, useState } from "react";
import { answer, todo } from "@/api/client";
import type { components } from "@/api/todo";

export type Hit = components["schemas"]["SearchHit"];

const DEBOUNCE = 250;
const LIMIT = 50;
const NONE: Hit[] = [];

/** What the server finds for a search, among all tasks that there ever were; nothing where it cannot be asked. */
export function useFound(q: string): Hit[] {
  const [found, setFound] = useState<{ q: string; hits: Hit[] }>({ q: "", hits: NONE });
  const wanted = q.trim();
  useEffect(() => {
    if (!wanted) return;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      answer(todo.GET("/api/search/tasks", { params: { query: { q: wanted, limit: LIMIT } }, signal: stop.signal })).then(
        ({ tasks }) => stop.signal.aborted || setFound({ q: wanted, hits: tasks }),
        // Offline, or nothing that can be searched for: what is here is found all the same.
        () => stop.signal.aborted || setFound({ q: wanted, hits: NONE }),
      );
    }, DEBOUNCE);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [wanted]);
  return wanted && found.q === wanted ? found.hits : NONE;
}
