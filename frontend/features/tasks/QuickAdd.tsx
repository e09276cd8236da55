"use client";
import { CornerDownLeft, Plus } from "lucide-react";
import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { answer, ApiProblem, todo } from "@/api/client";
import { ANY_TIME } from "@/features/editors/due";
import { useToday, useZone } from "@/features/time/useNow";
import { instantOf } from "@/features/time/zone";
import { useConnection } from "@/sync/connection";
import { createTask, deleteTask, together, undo, updateTask, useTasks } from "@/sync/tasks";
import { LineField } from "@/ui/line-field";
import { notify } from "@/ui/notify";
import styles from "./views.module.css";

/** The sentence as something to add, unless it says so itself. */
const asRequest = (text: string): string => (/^(add|create|new|remind|schedule)\b/i.test(text) ? text : `add ${text}`);

/** The task that a turn of the chat created. */
function createdBy(actions: { tool: string; result?: unknown }[]): { id: string; due_date?: string | null } | undefined {
  const action = actions.find((each) => each.tool === "create_task");
  const task = action?.result as { id?: unknown; due_date?: string | null } | null | undefined;
  return typeof task?.id === "string" ? { id: task.id, due_date: task.due_date } : undefined;
}

/** One line that adds a task as the chatbot understands it. What says no day is for today. */
export function QuickAdd() {
  const zone = useZone();
  const today = useToday();
  const tasks = useTasks();
  const { state } = useConnection();
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState("");
  const [waiting, setWaiting] = useState<string[]>([]);
  const [problem, setProblem] = useState<string | null>(null);
  const [undated, setUndated] = useState<string[]>([]);
  const endOfToday = instantOf(`${today}T${ANY_TIME}`, zone);

  // A task that says no day gets today as soon as it has come here.
  useEffect(() => {
    const here = undated.filter((each) => tasks.some((task) => task.id === each));
    if (here.length === 0) return;
    together(() => here.forEach((each) => updateTask(each, { due_date: endOfToday })));
    setUndated((all) => all.filter((each) => !here.includes(each)));
  }, [undated, tasks, endOfToday]);

  const comeBack = (sentence: string, why: string) => {
    // What was typed meanwhile stays.
    setText((typed) => typed || sentence);
    setProblem(why);
  };

  const add = async (sentence: string) => {
    if (state === "offline") {
      const created = createTask({ title: sentence, due_date: endOfToday });
      void notify("Added for today", { description: sentence, undo: () => undo(created) });
      return;
    }
    setWaiting((all) => [...all, sentence]);
    try {
      const { actions, reply } = await answer(todo.POST("/api/chat", { body: { message: asRequest(sentence), once: true } }));
      const created = createdBy(actions);
      if (!created) return comeBack(sentence, reply);
      if (!created.due_date) setUndated((all) => [...all, created.id]);
      void notify(created.due_date ? "Added" : "Added for today", { description: reply.replace(/^Added /, ""), undo: () => deleteTask(created.id) });
    } catch (error) {
      // Without an answer it may have been added all the same: the person sees whether, and decides.
      comeBack(sentence, error instanceof ApiProblem ? error.detail : "That did not work. Try again.");
    } finally {
      setWaiting((all) => all.toSpliced(all.indexOf(sentence), 1));
    }
  };

  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    const sentence = text.trim();
    input.current?.focus();
    if (!sentence) return;
    setText("");
    setProblem(null);
    void add(sentence);
  };

  return (
    <form className={styles.quickAdd} onSubmit={onSubmit}>
      <LineField
        ref={input}
        label="Add a task"
        icon={<Plus size={18} aria-hidden />}
        aria-invalid={problem ? true : undefined}
        aria-describedby={problem ? id : undefined}
        placeholder="Add a task: pay rent every 1st at 9"
        value={text}
        maxLength={1000}
        enterKeyHint="done"
        onChange={(event) => {
          setText(event.target.value);
          setProblem(null);
        }}
        onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
        action={
          text.trim() ? (
            <button type="submit" aria-label="Add">
              <CornerDownLeft size={17} aria-hidden />
            </button>
          ) : null
        }
      />
      {problem ? (
        <p id={id} role="alert" className={styles.problem}>
          {problem}
        </p>
      ) : null}
      {waiting.map((sentence, index) => (
        <p key={index} className={styles.waiting} role="status">
          <i />
          <span>{sentence}</span>
        </p>
      ))}
    </form>
  );
}
