"use client";
import { ListTodo, Plus, SearchX } from "lucide-react";
import { Suspense, useDeferredValue, useMemo } from "react";
import { newTask } from "@/features/shell/state";
import { ViewHeader } from "@/features/shell/ViewHeader";
import { useNow, useToday, useZone } from "@/features/time/useNow";
import { dayInWords, dayOf } from "@/features/time/zone";
import { useTasks } from "@/sync/tasks";
import { EmptyState } from "@/ui/bits";
import { Button } from "@/ui/button";
import { filterCount, filtered, NO_FILTER, termsOf } from "./filter";
import { FilterBar, SortControl } from "./FilterBar";
import styles from "./filters.module.css";
import { STATUS_NAMES } from "./marks";
import { highlighted, snippet } from "./search";
import { tagCounts } from "./tags";
import { type Group, TaskList } from "./TaskList";
import { useFilter } from "./useFilter";
import { useFound } from "./useFound";
import viewStyles from "./views.module.css";
import { WhenLoaded } from "./WhenLoaded";

/** Tasks that the server found and that this device does not hold: those that were done long ago. */
function History({ q, terms }: { q: string; terms: readonly string[] }) {
  const tasks = useTasks();
  const zone = useZone();
  const today = useToday();
  const found = useFound(q);
  const here = useMemo(() => new Set(tasks.map((task) => task.id)), [tasks]);
  const hits = found.filter((hit) => !here.has(hit.id) && (hit.status === "completed" || hit.status === "cancelled"));
  if (hits.length === 0) return null;
  return (
    <section className={styles.history} aria-labelledby="history">
      <h2 id="history">From long ago</h2>
      <ul>
        {hits.map((hit) => (
          <li key={hit.id} className={styles.hit}>
            <span>{highlighted(hit.title, terms)}</span>
            <span className={styles.hitText}>
              {STATUS_NAMES[hit.status]} {dayInWords(dayOf(hit.completed_at ?? hit.updated_at, zone), today)}
              {hit.snippet.replace(/<\/?mark>/g, "") === hit.title ? null : <> · {snippet(hit.snippet)}</>}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function FilteredTasks() {
  const tasks = useTasks();
  const zone = useZone();
  const now = useNow();
  const [filter, setFilter] = useFilter();
  const asked = useDeferredValue(filter);
  const shown = useMemo(() => filtered(tasks, asked, now, zone), [tasks, asked, now, zone]);
  const terms = useMemo(() => termsOf(asked.q), [asked.q]);
  const tags = useMemo(() => tagCounts(tasks).map(([tag]) => tag), [tasks]);
  const isNarrow = filterCount(asked) > 0 || asked.q.trim() !== "";

  const groups = useMemo<Group[]>(() => {
    const nothing = isNarrow ? (
      <EmptyState
        icon={<SearchX size={40} aria-hidden />}
        title="Nothing matches"
        action={<Button onClick={() => setFilter(NO_FILTER)}>Show all open tasks</Button>}
      >
        No task fits this search and these filters.
      </EmptyState>
    ) : (
      <EmptyState
        icon={<ListTodo size={44} aria-hidden />}
        title="Nothing to do"
        action={
          <Button variant="primary" onClick={() => newTask()}>
            New task
          </Button>
        }
      >
        What you add or tell the chatbot is kept here.
      </EmptyState>
    );
    return [{ key: "tasks", label: "Tasks", tasks: shown, empty: nothing }];
  }, [shown, isNarrow, setFilter]);

  return (
    <>
      <FilterBar filter={filter} onChange={setFilter} tags={tags} />
      <WhenLoaded>
        <TaskList
          groups={groups}
          terms={terms}
          head={({ count, selectAll, selectNone }) =>
            shown.length > 0 ? (
              <div className={styles.count}>
                <span role="status">{shown.length === 1 ? "1 task" : `${shown.length} tasks`}</span>
                <SortControl filter={filter} onChange={setFilter} />
                <button type="button" className={styles.selectAll} onClick={count === shown.length ? selectNone : selectAll}>
                  {count === shown.length ? "Select none" : "Select all"}
                </button>
              </div>
            ) : null
          }
        />
        <History q={asked.q} terms={terms} />
      </WhenLoaded>
    </>
  );
}

export function TasksView() {
  return (
    <div className={viewStyles.view}>
      <ViewHeader title="All tasks">
        <Button onClick={() => newTask()}>
          <Plus size={17} aria-hidden />
          New task
        </Button>
      </ViewHeader>
      <Suspense>
        <FilteredTasks />
      </Suspense>
    </div>
  );
}
