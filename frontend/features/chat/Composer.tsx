"use client";
import { ArrowUp } from "lucide-react";
import { type KeyboardEvent, useLayoutEffect, useRef, useState } from "react";
import { IconButton } from "@/ui/button";
import styles from "./chat.module.css";
import { send, useConversation } from "./store";

const MAX = 4000;

/** Where one writes to the chatbot. What is written stays until it is sent, also from one view to another. */
export function Composer() {
  const draft = useConversation((state) => state.draft);
  const messages = useConversation((state) => state.messages);
  const input = useRef<HTMLTextAreaElement>(null);
  const [recalled, setRecalled] = useState<number | null>(null);
  const [hint, setHint] = useState<string | null>(null);
  const isBusy = messages.some(({ state }) => state === "sending");
  const own = messages.filter(({ role }) => role === "user");
  const write = (text: string) => useConversation.setState({ draft: text });

  useLayoutEffect(() => {
    const area = input.current;
    if (!area) return;
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight, 160)}px`;
  }, [draft]);

  function submit() {
    const text = draft.trim();
    if (!text || isBusy) return;
    if (navigator.onLine === false) {
      setHint("You are offline. Your message stays here; send it when you are back.");
      return;
    }
    setHint(null);
    setRecalled(null);
    write("");
    send(text);
  }

  /** Shows what was said `steps` before; forward again to the empty line. */
  function recall(steps: number) {
    const place = (recalled ?? own.length) + steps;
    if (place < 0) return;
    setRecalled(place < own.length ? place : null);
    write(own[place]?.text ?? "");
  }

  function onKeyDown(event: KeyboardEvent<HTMLTextAreaElement>) {
    if (event.nativeEvent.isComposing) return;
    const isRecalled = recalled !== null && draft === own[recalled]?.text;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      submit();
    } else if (event.key === "ArrowUp" && own.length > 0 && (draft === "" || isRecalled)) {
      event.preventDefault();
      recall(-1);
    } else if (event.key === "ArrowDown" && isRecalled) {
      event.preventDefault();
      recall(1);
    } else if (event.key === "Escape") event.currentTarget.blur();
  }

  return (
    <form
      className={styles.composer}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {hint ? (
        <p className={styles.hint} role="status">
          {hint}
        </p>
      ) : null}
      <div className={styles.entry}>
        <label htmlFor="chat-input" className="visually-hidden">
          Message to the chatbot
        </label>
        <textarea
          id="chat-input"
          ref={input}
          rows={1}
          maxLength={MAX}
          value={draft}
          placeholder="Add a task or ask something"
          enterKeyHint="send"
          autoComplete="off"
          className={styles.input}
          onChange={(event) => {
            setHint(null);
            write(event.target.value);
          }}
          onKeyDown={onKeyDown}
        />
        <IconButton type="submit" label="Send" tipSide="left" className={styles.send} disabled={!draft.trim() || isBusy}>
          <ArrowUp size={18} strokeWidth={2.25} aria-hidden />
        </IconButton>
      </div>
    </form>
  );
}
