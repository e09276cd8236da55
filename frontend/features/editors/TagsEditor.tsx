"use client";
import { Combobox } from "@base-ui/react/combobox";
import { X } from "lucide-react";
import { useId, useMemo, useState } from "react";
import { tagCounts } from "@/features/tasks/tags";
import { useTasks } from "@/sync/tasks";
import styles from "./editors.module.css";

export const MAX_TAGS = 20;
export const MAX_TAG_LENGTH = 50;

const cleaned = (text: string): string => text.trim().replace(/^#/, "").toLowerCase();

/** Tags as tokens, with suggestions from those in use; Enter or a comma adds what is typed. */
export function TagsEditor({ value, onChange, autoFocus }: { value: readonly string[]; onChange: (tags: string[]) => void; autoFocus?: boolean }) {
  const tasks = useTasks();
  const known = useMemo(() => tagCounts(tasks).map(([tag]) => tag), [tasks]);
  const id = useId();
  const [query, setQuery] = useState("");
  const typed = cleaned(query);
  const items = typed && !known.includes(typed) ? [...known, typed] : known;
  const error = typed.length > MAX_TAG_LENGTH ? `A tag has at most ${MAX_TAG_LENGTH} characters` : value.length >= MAX_TAGS ? `A task has at most ${MAX_TAGS} tags` : null;
  const set = (tags: readonly string[]) => {
    const next = [...new Set(tags.map(cleaned))].filter((tag) => tag !== "" && tag.length <= MAX_TAG_LENGTH);
    if (next.length <= MAX_TAGS) onChange(next);
  };
  return (
    <Combobox.Root
      multiple
      items={items}
      value={[...value]}
      onValueChange={(next) => {
        set(next);
        setQuery("");
      }}
      inputValue={query}
      onInputValueChange={(text) => {
        if (!text.includes(",")) return setQuery(text);
        set([...value, ...text.split(",")]);
        setQuery("");
      }}
      filter={(tag, text) => tag.includes(cleaned(text))}
      autoHighlight
    >
      <label htmlFor={id} className="visually-hidden">
        Tags
      </label>
      <Combobox.Chips className={styles.tokens}>
        {value.map((tag) => (
          <Combobox.Chip key={tag} className={styles.token} aria-label={tag}>
            {tag}
            <Combobox.ChipRemove className={styles.tokenRemove} aria-label={`Remove tag ${tag}`}>
              <X size={13} aria-hidden />
            </Combobox.ChipRemove>
          </Combobox.Chip>
        ))}
        <Combobox.Input
          id={id}
          autoFocus={autoFocus}
          className={styles.tokenInput}
          placeholder={value.length === 0 ? "Add tags" : ""}
          aria-describedby={error ? `${id}-error` : undefined}
          onBlur={() => {
            if (typed) set([...value, typed]);
            setQuery("");
          }}
        />
      </Combobox.Chips>
      {error ? (
        <p id={`${id}-error`} className={styles.problem} role="alert">
          {error}
        </p>
      ) : null}
      <Combobox.Portal>
        <Combobox.Positioner className={styles.positioner} sideOffset={6} align="start">
          <Combobox.Popup className={styles.suggestions}>
            <Combobox.List>
              {(tag: string) => (
                <Combobox.Item key={tag} value={tag} className={styles.suggestion}>
                  {known.includes(tag) ? tag : `Create “${tag}”`}
                  <Combobox.ItemIndicator className={styles.suggestionMark}>added</Combobox.ItemIndicator>
                </Combobox.Item>
              )}
            </Combobox.List>
          </Combobox.Popup>
        </Combobox.Positioner>
      </Combobox.Portal>
    </Combobox.Root>
  );
}
