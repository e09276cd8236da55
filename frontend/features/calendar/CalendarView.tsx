"use client";
import { ChevronLeft, ChevronRight, Plus } from "lucide-react";
import dynamic from "next/dynamic";
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { focusedTask, useRefocus } from "@/features/board/useRefocus";
import { useShortcuts } from "@/features/keyboard/shortcuts";
import { openTask } from "@/features/shell/state";
import { useMedia } from "@/features/shell/useMedia";
import { ViewHeader } from "@/features/shell/ViewHeader";
import { remove, setDueDay, toggle } from "@/features/tasks/actions";
import { useToday, useZone } from "@/features/time/useNow";
import { addDays, type Day, dayOf, formatDay } from "@/features/time/zone";
import { useConnection } from "@/sync/connection";
import { type Task, useTasks } from "@/sync/tasks";
import { Segments } from "@/ui/bits";
import { Button, IconButton } from "@/ui/button";
import styles from "./calendar.module.css";
import { DayCell } from "./DayCell";
import { DayList, newTaskOn } from "./DayList";
import { useOccurrences } from "./occurrences";
import { dayAfterKey, type Span, tasksByDay, turned, weekOf, weeksOf } from "./days";

const DayDialog = dynamic(() => import("./DayDialog").then((module) => module.DayDialog), { ssr: false });

const PHONE = "(max-width: 719px)";

function headline(span: Span, day: Day): { title: string; year: string } {
  if (span === "month") return { title: formatDay(day, { month: "long" }), year: day.slice(0, 4) };
  const week = weekOf(day);
  const [first = day, last = day] = [week[0], week[6]];
  const isOneMonth = first.slice(0, 7) === last.slice(0, 7);
  const start = isOneMonth ? String(Number(first.slice(8))) : formatDay(first, { day: "numeric", month: "short" });
  return { title: `${start} – ${formatDay(last, { day: "numeric", month: isOneMonth ? "long" : "short" })}`, year: last.slice(0, 4) };
}

/** A month or a week of tasks by their due dates. */
export function CalendarView() {
  const today = useToday();
  const zone = useZone();
  const tasks = useTasks();
  const isPhone = useMedia(PHONE);
  const { loading } = useConnection();
  const [span, setSpan] = useState<Span>("month");
  const [chosen, setChosen] = useState<Day | null>(null);
  const [opened, setOpened] = useState<Day | null>(null);
  const active = chosen ?? today;
  const days = useMemo(() => tasksByDay(tasks, zone), [tasks, zone]);
  const weeks = useMemo(() => (span === "month" ? weeksOf(active) : [weekOf(active)]), [span, active]);
  const occurrences = useOccurrences(tasks, weeks[0]?.[0] ?? active, weeks.at(-1)?.[6] ?? active, zone);
  const isCompact = isPhone && span === "month";

  const grid = useRef<HTMLDivElement>(null);
  const isKey = useRef(false);
  const cellOf = (day: Day) => grid.current?.querySelector<HTMLElement>(`[data-day="${day}"]`);
  useEffect(() => {
    if (!isKey.current) return;
    isKey.current = false;
    cellOf(active)?.focus();
  }, [active]);

  const latest = useRef({ tasks, zone, today, days, occurrences });
  latest.current = { tasks, zone, today, days, occurrences };
  const move = useCallback((ids: readonly string[], day: Day) => {
    const now = latest.current;
    const moved = now.tasks.filter((task) => ids.includes(task.id) && !(task.due_date && dayOf(task.due_date, now.zone) === day));
    setDueDay(moved, day, now.zone, now.today);
  }, []);
  const open = useCallback((day: Day) => {
    if (latest.current.days.has(day) || latest.current.occurrences.has(day)) setOpened(day);
    else newTaskOn(day, latest.current.zone);
  }, []);

  const refocus = useRefocus();
  const withFocused = (act: (task: Task) => void) => () => {
    const id = focusedTask();
    const task = tasks.find((each) => each.id === id);
    if (task) act(task);
  };
  const moveBy = (by: number) =>
    withFocused((task) => {
      if (!task.due_date) return;
      const day = addDays(dayOf(task.due_date, zone), by);
      setChosen(day);
      refocus(task.id);
      move([task.id], day);
    });
  const group = "Selected task" as const;
  useShortcuts([
    { keys: "n", label: "New task on the chosen day", group: "Tasks", run: () => newTaskOn(active, zone) },
    { keys: ".", label: "Go to today in the calendar", group: "Go to", run: () => setChosen(null) },
    { keys: "[", label: "A day earlier", group, run: moveBy(-1) },
    { keys: "]", label: "A day later", group, run: moveBy(1) },
    { keys: "{", label: "A week earlier", group, run: moveBy(-7) },
    { keys: "}", label: "A week later", group, run: moveBy(7) },
    { keys: "o", label: "Open (or Enter)", group, run: withFocused((task) => openTask(task.id)) },
    { keys: "e", label: "Complete or reopen", group, run: withFocused((task) => toggle([task])) },
    { keys: "Delete", label: "Delete", group, run: withFocused((task) => remove([task])) },
  ]);

  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.target instanceof HTMLElement)) return;
    const from = event.target.closest<HTMLElement>("[data-day]")?.dataset.day ?? active;
    if (event.target.dataset.day !== undefined && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      open(from);
      return;
    }
    const day = dayAfterKey(event.key, from, span);
    if (day === null) return;
    event.preventDefault();
    // A day that is not shown yet gets the focus when it is.
    isKey.current = day !== active;
    setChosen(day);
    cellOf(day)?.focus();
  };

  const { title, year } = headline(span, active);
  const turn = (by: 1 | -1) => setChosen(turned(span === "month" ? `${active.slice(0, 8)}01` : active, span, by));
  return (
    <div className={styles.view} data-span={span}>
      <ViewHeader
        title={
          <>
            <span className="visually-hidden">Calendar, </span>
            {title} <span className={styles.year}>{year}</span>
          </>
        }
      >
        <div className={styles.turn}>
          <IconButton label={`Previous ${span}`} onClick={() => turn(-1)}>
            <ChevronLeft size={20} aria-hidden />
          </IconButton>
          <Button onClick={() => setChosen(null)}>Today</Button>
          <IconButton label={`Next ${span}`} onClick={() => turn(1)}>
            <ChevronRight size={20} aria-hidden />
          </IconButton>
        </div>
        <Segments
          label="Show"
          value={span}
          options={[
            { value: "month", label: "Month" },
            { value: "week", label: "Week" },
          ]}
          onChange={setSpan}
        />
        <Button variant="primary" className={styles.add} onClick={() => newTaskOn(active, zone)}>
          <Plus size={18} aria-hidden />
          <span className={isPhone ? "visually-hidden" : undefined}>New task</span>
        </Button>
      </ViewHeader>
      <div ref={grid} role="grid" aria-label={`${title} ${year}`} aria-busy={loading && tasks.length === 0} className={styles.grid} data-compact={isCompact || undefined} onKeyDown={onKeyDown}>
        <div role="row" className={styles.names}>
          {weekOf(active).map((day) => (
            <span key={day} role="columnheader" aria-label={formatDay(day, { weekday: "long" })}>
              {formatDay(day, { weekday: isCompact ? "narrow" : "short" })}
            </span>
          ))}
        </div>
        {weeks.map((week) => (
          <div key={week[0]} role="row" className={styles.week}>
            {week.map((day) => (
              <DayCell
                key={day}
                day={day}
                span={span}
                tasks={days.get(day)}
                occurrences={occurrences.get(day)}
                isCompact={isCompact}
                isToday={day === today}
                isOutside={span === "month" && day.slice(0, 7) !== active.slice(0, 7)}
                isActive={day === active}
                onChoose={setChosen}
                onOpen={open}
                onMove={move}
              />
            ))}
          </div>
        ))}
      </div>
      {isCompact ? (
        <section className={styles.below} aria-label="Chosen day">
          <h2>{formatDay(active, { weekday: "long", day: "numeric", month: "long" })}</h2>
          <DayList day={active} tasks={days.get(active) ?? []} occurrences={occurrences.get(active) ?? []} />
        </section>
      ) : null}
      {opened !== null ? <DayDialog day={opened} tasks={days.get(opened) ?? []} occurrences={occurrences.get(opened) ?? []} onClose={() => setOpened(null)} /> : null}
    </div>
  );
}
