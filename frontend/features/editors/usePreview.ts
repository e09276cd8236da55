"use client";
import { useEffect, useState } from "react";
import { signedFetch } from "@/api/client";

/** What the server makes of a pattern. */
export interface Preview {
  pattern: string;
  description: string;
  /** RFC 3339. */
  dates: string[];
}

export type PreviewState = { state: "loading" } | { state: "ready"; preview: Preview } | { state: "refused"; reason: string } | { state: "unavailable" };

const cache = new Map<string, PreviewState>();
const PAUSE = 250;
const MOST = 100;

async function fetched(query: string, signal: AbortSignal): Promise<PreviewState> {
  const response = await signedFetch(new Request(`${location.origin}/api/recurrence/preview?${query}`, { signal }));
  if (response.ok) return { state: "ready", preview: (await response.json()) as Preview };
  if (response.status !== 422) return { state: "unavailable" };
  const body = (await response.json()) as { detail?: string; errors?: { message: string }[] };
  return { state: "refused", reason: body.errors?.[0]?.message ?? body.detail ?? "This is not a recurrence rule" };
}

const queryOf = (pattern: string, start: string | null, from: string): string =>
  new URLSearchParams({ pattern: pattern.trim(), ...(start ? { start } : {}), recurrence_from: from, count: "5" }).toString();

/** Why the server does not take a pattern whose preview was asked for; null where it does, or has not said. */
export function refusalOf(pattern: string, start: string | null, from: "due_date" | "completion"): string | null {
  const known = cache.get(queryOf(pattern, start, from));
  return known?.state === "refused" ? known.reason : null;
}

/** The next dates of a pattern, once nothing was typed for a moment; null where there is no pattern. */
export function usePreview(pattern: string | null, start: string | null, from: "due_date" | "completion"): PreviewState | null {
  const query = pattern?.trim() && queryOf(pattern, start, from);
  const [result, setResult] = useState<{ query: string; state: PreviewState } | null>(null);
  useEffect(() => {
    if (!query || cache.has(query)) return;
    const aborted = new AbortController();
    const timer = setTimeout(async () => {
      const state = await fetched(query, aborted.signal).catch((): PreviewState => ({ state: "unavailable" }));
      if (aborted.signal.aborted) return;
      if (cache.size >= MOST) cache.clear();
      if (state.state !== "unavailable") cache.set(query, state);
      setResult({ query, state });
    }, PAUSE);
    return () => {
      clearTimeout(timer);
      aborted.abort();
    };
  }, [query]);
  if (!query) return null;
  return cache.get(query) ?? (result?.query === query ? result.state : { state: "loading" });
}
