"use client";
import { useEffect, useRef, useState } from "react";

interface DraftState {
  text: string;
  /** What the text was when the person began, or when it was last saved. */
  base: string;
}

const PAUSE = 1500;

/**
 * Text that is saved, if it is valid, when the person pauses or leaves it, as a change of its `base`. While it is being
 * typed it stays as it is typed; `elsewhere` is what it has become on another device meanwhile, else null.
 */
export function useDraft(value: string, save: (text: string, base: string) => void, isValid: (text: string) => boolean, clean: (text: string) => string = (text) => text) {
  const [draft, setDraft] = useState<DraftState | null>(null);
  const latest = useRef({ draft, save, isValid, clean });
  latest.current = { draft, save, isValid, clean };
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const flush = (): boolean => {
    clearTimeout(timer.current);
    const { draft: current, ...own } = latest.current;
    const text = current && own.clean(current.text);
    if (!current || text === null || text === current.base || !own.isValid(text)) return false;
    own.save(text, current.base);
    return true;
  };
  useEffect(() => {
    const leave = () => void flush();
    window.addEventListener("pagehide", leave);
    return () => {
      window.removeEventListener("pagehide", leave);
      flush();
    };
  }, []);

  return {
    text: draft ? draft.text : value,
    elsewhere: draft && value !== draft.base ? value : null,
    change: (text: string) => {
      setDraft({ text, base: draft?.base ?? value });
      clearTimeout(timer.current);
      timer.current = setTimeout(() => {
        if (flush()) setDraft((current) => current && { ...current, base: latest.current.clean(current.text) });
      }, PAUSE);
    },
    /** Saves and shows again what is stored. */
    leave: () => {
      flush();
      setDraft(null);
    },
    /** Drops what was typed. */
    drop: () => {
      clearTimeout(timer.current);
      setDraft(null);
    },
  };
}
