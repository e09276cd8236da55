"use client";
import styles from "./chat.module.css";
import { NewConversation } from "./ChatPanel";
import { Conversation } from "./Conversation";

/** The chat as a view of its own. */
export function ChatView() {
  return (
    <div className={styles.view}>
      <header className={styles.viewHead}>
        <h1>Chat</h1>
        <NewConversation />
      </header>
      <Conversation />
    </div>
  );
}
