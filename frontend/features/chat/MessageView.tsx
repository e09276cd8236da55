"use client";
import { CircleAlert, RotateCw, Undo2 } from "lucide-react";
import { memo } from "react";
import { Button } from "@/ui/button";
import styles from "./chat.module.css";
import { type Message, retry, takeBack, undoTurn } from "./store";
import { AnsweredTasks, Deeds, deedsOf } from "./TaskCards";

/** The lines of an answer; numbered ones and those with a dash become lists. */
function Text({ text, withoutList }: { text: string; withoutList: boolean }) {
  const blocks: { kind: "line" | "numbers" | "points"; lines: string[] }[] = [];
  for (const line of text.split("\n")) {
    const kind = /^\d+\. /.test(line) ? "numbers" : line.startsWith("- ") ? "points" : "line";
    if (kind === "numbers" && withoutList) continue;
    const last = blocks.at(-1);
    const content = line.replace(/^(\d+\.|-) /, "");
    if (last && kind !== "line" && last.kind === kind) last.lines.push(content);
    else if (line.trim()) blocks.push({ kind, lines: [content] });
  }
  return blocks.map(({ kind, lines }, index) => {
    const items = lines.map((line, each) => <li key={each}>{line}</li>);
    if (kind === "numbers") return <ol key={index} className={styles.numbers}>{items}</ol>;
    if (kind === "points") return <ul key={index} className={styles.points}>{items}</ul>;
    return <p key={index}>{lines[0]}</p>;
  });
}

function Own({ message }: { message: Message }) {
  return (
    <div className={styles.own} data-state={message.state}>
      <p className={styles.bubble}>
        <span className="visually-hidden">You: </span>
        {message.text}
      </p>
      {message.state === "failed" ? (
        <div className={styles.failed} role="alert">
          <CircleAlert size={15} aria-hidden />
          <span>{message.problem}</span>
          <Button size="small" variant="quiet" onClick={() => void retry(message)}>
            <RotateCw size={14} aria-hidden /> Try again
          </Button>
          <Button size="small" variant="quiet" onClick={() => takeBack(message)}>
            Edit
          </Button>
        </div>
      ) : null}
    </div>
  );
}

function Answer({ message }: { message: Message }) {
  const isUndoing = message.text.startsWith("Undone");
  // That a task is gone again, the card above says; one that is back can be opened.
  const deeds = deedsOf(message.actions).filter(({ tool }) => !isUndoing || tool !== "delete_task");
  const { tasks, undoState } = message;
  // A question about which tasks to change lists them, a sentence that names them does not need to.
  const isNumbered = /\n\d+\. /.test(message.text);
  const isList = !!tasks && tasks.length > 0 && (isNumbered || deeds.length === 0);
  return (
    <div className={styles.answer}>
      <div className={styles.text}>
        <span className="visually-hidden">Todo Chatbot: </span>
        <Text text={message.text} withoutList={isList} />
      </div>
      {isList ? <AnsweredTasks tasks={tasks} isFolded={!isNumbered} /> : null}
      {deeds.length > 0 ? <Deeds deeds={deeds} isUndone={undoState === "done"} /> : null}
      {message.undo && undoState !== "done" && undoState !== "refused" ? (
        <Button
          size="small"
          variant="quiet"
          className={styles.undo}
          disabled={undoState === "asking"}
          onClick={(event) => {
            // The button goes; the keyboard stays in the conversation.
            event.currentTarget.closest<HTMLElement>("[role=log]")?.focus({ preventScroll: true });
            void undoTurn(message);
          }}
        >
          <Undo2 size={15} aria-hidden /> Undo
        </Button>
      ) : null}
      {message.problem ? (
        <p className={styles.problem} role="alert">
          {message.problem}
        </p>
      ) : null}
    </div>
  );
}

/** One thing that was said. */
export const MessageView = memo(function MessageView({ message }: { message: Message }) {
  return message.role === "user" ? <Own message={message} /> : <Answer message={message} />;
});
