"use client";
import { SquarePen } from "lucide-react";
import { IconButton } from "@/ui/button";
import styles from "./chat.module.css";
import { Conversation } from "./Conversation";
import { startNew, useConversation } from "./store";

/** Begins anew; there only where something was said. */
export function NewConversation() {
  const isEmpty = useConversation((state) => state.messages.length === 0);
  return isEmpty ? null : (
    <IconButton
      label="New conversation"
      tipSide="left"
      onClick={() => {
        startNew();
        document.getElementById("chat-input")?.focus();
      }}
    >
      <SquarePen size={18} strokeWidth={1.75} aria-hidden />
    </IconButton>
  );
}

/** The chat beside the tasks. */
export function ChatPanel() {
  return (
    <div className={styles.panel}>
      <header className={styles.head}>
        <h2 className={styles.headTitle}>Chat</h2>
        <NewConversation />
      </header>
      <Conversation />
    </div>
  );
}
