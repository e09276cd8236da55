"use client";
import { type MouseEvent, useEffect, useRef, useState } from "react";
import { openTask } from "@/features/shell/state";
import { type Task, updateTask } from "@/sync/tasks";
import { focusRow, useList, useListStore } from "./listState";
import styles from "./row.module.css";
import { highlighted } from "./search";

function TitleInput({ task, onDone }: { task: Task; onDone: () => void }) {
  const [saw] = useState(task.title);
  const [title, setTitle] = useState(saw);
  const input = useRef<HTMLInputElement>(null);
  const isOver = useRef(false);
  useEffect(() => input.current?.select(), []);
  const end = (save: boolean) => {
    if (isOver.current) return;
    isOver.current = true;
    if (save && title.trim()) updateTask(task.id, { title }, { title: saw });
    onDone();
  };
  return (
    <input
      ref={input}
      className={styles.input}
      aria-label="Title"
      value={title}
      maxLength={500}
      autoFocus
      enterKeyHint="done"
      onChange={(event) => setTitle(event.target.value)}
      onBlur={() => end(true)}
      onKeyDown={(event) => {
        if (event.nativeEvent.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
        event.preventDefault();
        end(event.key === "Enter");
      }}
    />
  );
}

/** A task's title, which a click makes a field; on a touch screen a tap opens the task instead. */
export function RowTitle({ task, terms, isTabbable }: { task: Task; terms: readonly string[]; isTabbable: boolean }) {
  const list = useListStore();
  const isRenaming = useList((state) => state.renaming === task.id);
  if (isRenaming) {
    return (
      <TitleInput
        task={task}
        onDone={() => {
          const hadFocus = document.activeElement?.tagName === "INPUT";
          list.setState({ renaming: null });
          if (hadFocus) focusRow(list, task.id);
        }}
      />
    );
  }
  const onClick = (event: MouseEvent) => {
    // The row selects.
    if (event.shiftKey || event.ctrlKey || event.metaKey || list.getState().selected.size > 0) return;
    event.stopPropagation();
    if ((event.nativeEvent as PointerEvent).pointerType === "touch") openTask(task.id);
    else list.setState({ renaming: task.id, active: task.id });
  };
  return (
    <button type="button" className={styles.title} tabIndex={isTabbable ? 0 : -1} aria-describedby="rename-hint" onClick={onClick}>
      {highlighted(task.title, terms)}
    </button>
  );
}
