"use client";
import { ArrowDown, ArrowDownUp, ArrowUp, ChevronDown, Search, X } from "lucide-react";
import { lazy, useEffect, useRef, useState } from "react";
import { useShortcuts } from "@/features/keyboard/shortcuts";
import { LineField } from "@/ui/line-field";
import { DUE_NAMES, type Filter, filterCount, NO_FILTER, SORT_NAMES } from "./filter";
import { LazyMenu } from "./LazyMenu";
import { PRIORITY_NAMES, STATUS_NAMES } from "./marks";
import styles from "./filters.module.css";

const loadMenus = () => import("./FilterMenus");
const FilterMenu = lazy(loadMenus);

const statusName = (status: Filter["status"]): string => (status === "open" ? "Open" : status === "all" ? "All" : STATUS_NAMES[status]);

/** The field for a search; what is typed is in the address a moment later. */
function SearchField({ filter, onChange }: { filter: Filter; onChange: (filter: Filter) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(filter.q);
  const given = useRef(filter.q);
  useEffect(() => {
    // Back, or a link.
    if (filter.q !== given.current) setText(filter.q);
    given.current = filter.q;
  }, [filter.q]);
  useShortcuts([{ keys: "/", label: "Search tasks", group: "Tasks", run: () => input.current?.focus() }]);
  const search = (q: string) => {
    setText(q);
    given.current = q;
    onChange({ ...filter, q });
  };
  return (
    <LineField
      ref={input}
      type="search"
      label="Search tasks"
      icon={<Search size={17} aria-hidden />}
      placeholder="Search"
      value={text}
      maxLength={500}
      autoCapitalize="none"
      enterKeyHint="search"
      onChange={(event) => search(event.target.value)}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        if (text) search("");
        else event.currentTarget.blur();
      }}
      action={
        text ? (
          <button type="button" aria-label="Clear the search" onClick={() => (search(""), input.current?.focus())}>
            <X size={16} aria-hidden />
          </button>
        ) : null
      }
    />
  );
}

/** Search and filters of the task list. */
export function FilterBar({ filter, onChange, tags }: { filter: Filter; onChange: (filter: Filter) => void; tags: string[] }) {
  const { status, priority, tag, due } = filter;
  const chip = (of: "status" | "priority" | "tag" | "due", name: string, value: string | null) => (
    <LazyMenu
      key={of}
      menu={FilterMenu}
      preload={loadMenus}
      {...{ of, filter, onChange, tags }}
      trigger={
        <button type="button" className={styles.chip} data-on={value !== null || undefined} aria-label={`${name}: ${value ?? (of === "status" ? "Open" : "any")}`}>
          <span>{value ?? name}</span>
          <ChevronDown size={14} aria-hidden />
        </button>
      }
    />
  );
  return (
    <div className={styles.bar} role="search">
      <SearchField filter={filter} onChange={onChange} />
      <div className={styles.chips}>
        {chip("status", "Status", status === "open" ? null : statusName(status))}
        {chip("due", "Due", due === "any" ? null : DUE_NAMES[due])}
        {chip("priority", "Priority", priority.length > 0 ? priority.map((each) => PRIORITY_NAMES[each]).join(", ") : null)}
        {chip("tag", "Tags", tag.length > 0 ? tag.map((each) => `#${each}`).join(" ") : null)}
        {filterCount(filter) > 0 ? (
          <button type="button" className={styles.clear} onClick={() => onChange({ ...NO_FILTER, q: filter.q, sort: filter.sort, descending: filter.descending })}>
            Clear filters
          </button>
        ) : null}
      </div>
    </div>
  );
}

/** By what the list is sorted, and in which direction. */
export function SortControl({ filter, onChange }: { filter: Filter; onChange: (filter: Filter) => void }) {
  return (
    <span className={styles.sort}>
      <LazyMenu
        menu={FilterMenu}
        preload={loadMenus}
        of="sort"
        {...{ filter, onChange }}
        tags={[]}
        trigger={
          <button type="button" className={styles.chip} aria-label={`Sorted by ${SORT_NAMES[filter.sort].toLowerCase()}`}>
            <ArrowDownUp size={14} aria-hidden />
            <span>{SORT_NAMES[filter.sort]}</span>
          </button>
        }
      />
      <button
        type="button"
        className={styles.chip}
        aria-label="Reverse order"
        aria-pressed={filter.descending}
        onClick={() => onChange({ ...filter, descending: !filter.descending })}
      >
        {filter.descending ? <ArrowUp size={15} aria-hidden /> : <ArrowDown size={15} aria-hidden />}
      </button>
    </span>
  );
}
