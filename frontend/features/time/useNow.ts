"use client";
import { useSyncExternalStore } from "react";
import { useSession } from "@/sync/session";
import { type Day, dayOf, deviceZone } from "./zone";

const MINUTE = 60_000;
let now = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setTimeout> | undefined;

function tick(): void {
  now = Date.now();
  listeners.forEach((listener) => listener());
  timer = listeners.size > 0 ? setTimeout(tick, MINUTE - (Date.now() % MINUTE)) : undefined;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === undefined) timer = setTimeout(tick, MINUTE - (Date.now() % MINUTE));
  return () => listeners.delete(listener);
}

/** The time, in milliseconds, once a minute. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now, () => now);
}

/** The person's time zone. */
export function useZone(): string {
  return useSession().user?.timezone ?? deviceZone();
}

/** The day that it is for the person. */
export function useToday(): Day {
  return dayOf(useNow(), useZone());
}
