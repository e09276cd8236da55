"use client";
import { ChevronRight, Sun } from "lucide-react";
import { useMemo, useState } from "react";
import { ViewHeader } from "@/features/shell/ViewHeader";
import { useNow, useToday, useZone } from "@/features/time/useNow";
import { formatDay } from "@/features/time/zone";
import { useTasks } from "@/sync/tasks";
import { Button } from "@/ui/button";
import { EmptyState } from "@/ui/bits";
import { setDueDay } from "./actions";
import { standing, tasksOfDay } from "./day";
import { GroupHeading } from "./GroupHeading";
import { WhenLoaded } from "./WhenLoaded";
import { QuickAdd } from "./QuickAdd";
import { type Group, TaskList } from "./TaskList";
import styles from "./views.module.css";

export function TodayView() {
  const tasks = useTasks();
  const now = useNow();
  const zone = useZone();
  const today = useToday();
  const day = useMemo(() => tasksOfDay(tasks, today, zone), [tasks, today, zone]);
  const [showsDone, setShowsDone] = useState(false);

  const groups = useMemo<Group[]>(() => {
    const isClear = day.overdue.length + day.today.length === 0;
    return [
      {
        key: "overdue",
        label: "Overdue",
        tasks: day.overdue,
        heading: (
          <GroupHeading title="Overdue" tone="urgent">
            <Button size="small" variant="quiet" onClick={() => setDueDay(day.overdue, today, zone, today)}>
              Move all to today
            </Button>
          </GroupHeading>
        ),
      },
      {
        key: "today",
        label: "Today",
        tasks: day.today,
        timeOnly: true,
        heading: day.overdue.length > 0 && day.today.length > 0 ? <GroupHeading title="Today" /> : null,
        empty: isClear ? (
          <EmptyState icon={<Sun size={44} aria-hidden />} title={day.done.length > 0 ? "That was all for today" : "A clear day"}>
            {day.done.length > 0 ? "The rest of it is yours." : "Nothing is due. Add a task, or tell the chatbot."}
          </EmptyState>
        ) : null,
      },
      {
        key: "done",
        label: "Done today",
        tasks: showsDone ? day.done : [],
        timeOnly: true,
        heading: (
          <button type="button" className={styles.fold} aria-expanded={showsDone} onClick={() => setShowsDone(!showsDone)}>
            <ChevronRight size={16} aria-hidden />
            {day.done.length} done today
          </button>
        ),
      },
    ].filter((group) => group.key === "today" || (group.key === "done" ? day.done.length > 0 : group.tasks.length > 0));
  }, [day, showsDone, today, zone]);

  return (
    <div className={styles.view}>
      <ViewHeader title={formatDay(today, { weekday: "long", day: "numeric", month: "long" })} />
      <p className={styles.standing}>{standing(day, now, zone)}</p>
      <QuickAdd />
      <WhenLoaded>
        <TaskList groups={groups} />
      </WhenLoaded>
    </div>
  );
}
