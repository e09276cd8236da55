"use client";
import { ArrowDown } from "lucide-react";
import { useEffect, useState } from "react";
import { useToday, useZone } from "@/features/time/useNow";
import { dayInWords, dayOf } from "@/features/time/zone";
import { useSession } from "@/sync/session";
import { Skeleton } from "@/ui/bits";
import { Button } from "@/ui/button";
import styles from "./chat.module.css";
import { Composer } from "./Composer";
import { open, send, useConversation } from "./store";
import { useFollowing } from "./useFollowing";
import { MessageView } from "./MessageView";
import { EXAMPLES, suggestionsAfter } from "./suggestions";
import { useStayAtEnd } from "./useStayAtEnd";

/** The typing dots, once an answer takes long enough to be waited for. */
function Typing() {
  const [isShown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), 180);
    return () => clearTimeout(timer);
  }, []);
  return isShown ? (
    <p className={styles.typing} role="status" aria-label="The chatbot is answering">
      <i />
      <i />
      <i />
    </p>
  ) : null;
}

function say(text: string): void {
  send(text);
  // The suggestion goes; one who types goes on typing. On a touch screen this would open the keyboard.
  if (window.matchMedia("(pointer: fine)").matches) document.getElementById("chat-input")?.focus();
}

function Suggestions({ texts, stacked }: { texts: string[]; stacked?: boolean }) {
  return (
    <ul className={styles.suggestions} data-stacked={stacked} aria-label="Suggestions">
      {texts.map((text) => (
        <li key={text}>
          <button type="button" className={styles.suggestion} onClick={() => say(text)}>
            {text}
          </button>
        </li>
      ))}
    </ul>
  );
}

function Start() {
  return (
    <div className={styles.start}>
      <p className={styles.invitation}>What is on your mind?</p>
      <p className={styles.explanation}>Write a task as you would say it, or ask what is on your list. For example:</p>
      <Suggestions texts={EXAMPLES} stacked />
    </div>
  );
}

/** What was said, and where to say more. */
export function Conversation() {
  const userId = useSession().user?.id;
  const isOwn = useConversation((state) => state.userId === userId);
  useEffect(() => {
    if (userId) void open(userId);
  }, [userId]);
  // What another person said here before is not for this one, not even for a moment.
  return userId && isOwn ? <Open userId={userId} /> : null;
}

function Open({ userId }: { userId: string }) {
  const { messages, history } = useConversation();
  const zone = useZone();
  const today = useToday();
  const last = messages.at(-1);
  const { scroller, isAway, toEnd } = useStayAtEnd(messages, last?.role === "user");
  const isNew = last?.role === "assistant" && last.state === "said";
  useFollowing();
  return (
    <div className={styles.conversation}>
      <div ref={scroller} className={styles.messages} role="log" aria-live="off" aria-label="Conversation" tabIndex={0}>
        <div className={styles.inner}>
          {history === "loading" ? (
            <div className={styles.loading} role="status" aria-label="Loading the conversation">
              <Skeleton className={styles.loadingOwn} />
              <Skeleton className={styles.loadingAnswer} />
            </div>
          ) : null}
          {history === "failed" ? (
            <p className={styles.notice}>
              What was said before could not be loaded.{" "}
              <Button size="small" onClick={() => void open(userId)}>
                Try again
              </Button>
            </p>
          ) : null}
          {messages.length === 0 && history === "loaded" ? <Start /> : null}
          {messages.map((message, index) => {
            const day = dayOf(message.at, zone);
            const before = messages[index - 1];
            const isOtherDay = before ? dayOf(before.at, zone) !== day : day !== today;
            return (
              <div key={message.id} className={styles.turn}>
                {isOtherDay ? <p className={styles.day}>{dayInWords(day, today)}</p> : null}
                <MessageView message={message} />
              </div>
            );
          })}
          {last?.state === "sending" ? <Typing /> : null}
          {last?.role === "assistant" ? <Suggestions texts={suggestionsAfter(last, messages.findLast(({ role }) => role === "user")?.text)} /> : null}
        </div>
      </div>
      {isAway ? (
        <Button size="small" className={styles.pill} onClick={toEnd}>
          <ArrowDown size={14} aria-hidden /> New message
        </Button>
      ) : null}
      <p className="visually-hidden" role="status">
        {isNew ? last.text : ""}
      </p>
      <Composer />
    </div>
  );
}
