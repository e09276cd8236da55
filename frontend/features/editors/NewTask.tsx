"use client";
import { type KeyboardEvent, useRef, useState } from "react";
import { useShell } from "@/features/shell/state";
import { ApiProblem } from "@/api/client";
import { useSession } from "@/sync/session";
import { createTask, type TaskInput, undo } from "@/sync/tasks";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { notify } from "@/ui/notify";
import styles from "./editors.module.css";
import { GrowingText } from "./GrowingText";
import { MAX_DESCRIPTION, MAX_TITLE } from "./limits";
import { PropertyFields } from "./PropertyFields";

type Errors = Partial<Record<"title" | "description" | "other", string>>;

function check({ title, description }: TaskInput): Errors {
  const errors: Errors = {};
  const length = [...title.trim()].length;
  if (length === 0) errors.title = "Give the task a title";
  if (length > MAX_TITLE) errors.title = `A title has at most ${MAX_TITLE} characters; this one has ${length}`;
  if ([...(description ?? "")].length > MAX_DESCRIPTION) errors.description = `A description has at most ${MAX_DESCRIPTION.toLocaleString()} characters`;
  return errors;
}

function Form({ given, close }: { given: Partial<TaskInput>; close: () => void }) {
  const defaults = useSession().user?.notification_preferences.default_reminders ?? [];
  const [input, setInput] = useState<TaskInput>({ title: "", ...given });
  const [errors, setErrors] = useState<Errors>({});
  const form = useRef<HTMLFormElement>(null);

  const create = (isMore: boolean) => {
    const found = check(input);
    setErrors(found);
    if (Object.keys(found).length > 0) {
      form.current?.querySelector("textarea")?.focus();
      return;
    }
    let id: string;
    try {
      id = createTask({ ...input, title: input.title.trim(), description: input.description?.trim() || null });
    } catch (error) {
      setErrors({ other: error instanceof ApiProblem ? error.detail : "The task could not be created" });
      return;
    }
    void notify("Task created", { description: input.title.trim(), undo: () => undo(id) });
    if (!isMore) return close();
    // The next one is likely to be of the same day and kind, not to have the same notes.
    setInput({ ...input, title: "", description: undefined });
    form.current?.querySelector("textarea")?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const isTitle = event.target instanceof HTMLElement && event.target.dataset.field === "title";
    if (event.key !== "Enter" || event.nativeEvent.isComposing || (!isTitle && !event.metaKey && !event.ctrlKey)) return;
    event.preventDefault();
    create(event.shiftKey);
  };
  const set = (patch: Partial<TaskInput>) => {
    setInput((before) => ({ ...before, ...patch }));
    setErrors({});
  };
  return (
    <form
      ref={form}
      className={styles.form}
      onKeyDown={onKeyDown}
      onSubmit={(event) => {
        event.preventDefault();
        create(false);
      }}
    >
      <GrowingText
        label="Title"
        className={styles.formTitle}
        placeholder="What is to be done"
        data-field="title"
        autoFocus
        enterKeyHint="done"
        value={input.title}
        aria-invalid={errors.title ? true : undefined}
        aria-describedby={errors.title ? "new-task-title-error" : undefined}
        onChange={(event) => set({ title: event.target.value.replace(/\s*[\r\n]+\s*/g, " ") })}
      />
      {errors.title ? (
        <p id="new-task-title-error" className={styles.problem} role="alert">
          {errors.title}
        </p>
      ) : null}
      <GrowingText
        label="Description"
        className={styles.formNotes}
        placeholder="Notes"
        value={input.description ?? ""}
        aria-invalid={errors.description ? true : undefined}
        aria-describedby={errors.description ? "new-task-description-error" : undefined}
        onChange={(event) => set({ description: event.target.value })}
      />
      {errors.description ? (
        <p id="new-task-description-error" className={styles.problem} role="alert">
          {errors.description}
        </p>
      ) : null}
      <div className={styles.chips} role="group" aria-label="Details">
        <PropertyFields
          isChip
          values={{
            priority: input.priority ?? "medium",
            due_date: input.due_date ?? null,
            tags: input.tags ?? [],
            recurrence_pattern: input.recurrence_pattern ?? null,
            recurrence_from: input.recurrence_from ?? "due_date",
            reminders: input.reminders ?? (input.due_date && input.reminders !== null ? defaults : []),
          }}
          onChange={(patch) => set(patch as Partial<TaskInput>)}
        />
      </div>
      {errors.other ? (
        <p className={styles.problem} role="alert">
          {errors.other}
        </p>
      ) : null}
      <div className={styles.formFoot}>
        <p className={styles.keys}>
          <kbd>Enter</kbd> creates, <kbd>Shift</kbd> <kbd>Enter</kbd> and goes on
        </p>
        <Button variant="outline" onClick={() => create(true)}>
          Create and add another
        </Button>
        <Button variant="primary" type="submit">
          Create
        </Button>
      </div>
    </form>
  );
}

/** The editor for a new task. */
export function NewTask() {
  const values = useShell((state) => state.newTask);
  const close = () => useShell.setState({ newTask: null });
  return (
    <Dialog open={values !== null} onOpenChange={(open) => !open && close()} title="New task">
      {values ? <Form given={values} close={close} /> : null}
    </Dialog>
  );
}
