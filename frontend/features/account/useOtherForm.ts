"use client";
import { useSyncExternalStore } from "react";

const never = () => () => {};

/** The address of the other form, with what is to come after it. */
export function useOtherForm(path: "/login" | "/register"): string {
  return path + useSyncExternalStore(never, () => window.location.search, () => "");
}
