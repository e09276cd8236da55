"use client";
import { useCallback, useEffect, useState } from "react";
import { ApiProblem } from "@/api/client";
import { problemInWords } from "@/features/account/problems";
import { disablePush, enablePush, type PushState, pushState } from "./push";

const inWords = (error: unknown): string => {
  if (error instanceof ApiProblem) return problemInWords(error);
  return error instanceof DOMException && error.name === "AbortError" ? "The browser could not reach its push service." : "The browser did not take the subscription.";
};

/** Push in this browser. `state` is null until it is known. */
export function usePush() {
  const [state, setState] = useState<PushState | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  const run = useCallback(async (work: () => Promise<PushState>) => {
    setBusy(true);
    setProblem(null);
    try {
      setState(await work());
    } catch (error) {
      setProblem(inWords(error));
    } finally {
      setBusy(false);
    }
  }, []);

  useEffect(() => void run(pushState), [run]);

  return {
    state,
    isBusy,
    problem,
    turnOn: () => void run(enablePush),
    turnOff: () =>
      void run(async () => {
        await disablePush();
        return "off";
      }),
  };
}
