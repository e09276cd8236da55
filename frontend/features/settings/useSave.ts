"use client";
import { useEffect, useRef, useState } from "react";
import { ApiProblem } from "@/api/client";
import { problemInWords } from "@/features/account/problems";
import { updateProfile } from "@/sync/session";
import type { UserPatchInput } from "@/sync/types";

export interface Saving {
  state: "idle" | "saving" | "saved" | "failed";
  /** Why it failed, by field where the server says so. */
  problem: string | null;
}

const SAID_FOR = 2500;

/** Saves a part of the profile; later calls wait for earlier ones, so that the last one wins. */
export function useSave() {
  const [saving, setSaving] = useState<Saving>({ state: "idle", problem: null });
  const queue = useRef<Promise<unknown>>(Promise.resolve());
  const count = useRef(0);

  useEffect(() => {
    if (saving.state !== "saved") return;
    const timer = setTimeout(() => setSaving({ state: "idle", problem: null }), SAID_FOR);
    return () => clearTimeout(timer);
  }, [saving]);

  /** Whether it was saved. */
  function save(patch: UserPatchInput): Promise<boolean> {
    const own = ++count.current;
    setSaving({ state: "saving", problem: null });
    const attempt = queue.current.then(async () => {
      try {
        await updateProfile(patch);
        if (own === count.current) setSaving({ state: "saved", problem: null });
        return true;
      } catch (error) {
        const rule = error instanceof ApiProblem && error.status === 422 ? error.errors[0]?.message : undefined;
        if (own === count.current) setSaving({ state: "failed", problem: rule ? `It ${rule}.` : problemInWords(error) });
        return false;
      }
    });
    queue.current = attempt;
    return attempt;
  }

  return { saving, save };
}
