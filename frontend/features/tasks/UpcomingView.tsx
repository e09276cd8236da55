"use client";
import { Plus } from "lucide-react";
import { useMemo } from "react";
import { newTask } from "@/features/shell/state";
import { ViewHeader } from "@/features/shell/ViewHeader";
import { ANY_TIME } from "@/features/editors/due";
import { useToday, useZone } from "@/features/time/useNow";
import { addDays, type Day, dayOf, formatDay, instantOf, startOf } from "@/features/time/zone";
import { type Task, useTasks } from "@/sync/tasks";
import { Button, IconButton } from "@/ui/button";
import { setDueDay } from "./actions";
import { comparison } from "./filter";
import { GroupHeading } from "./GroupHeading";
import { WhenLoaded } from "./WhenLoaded";
import { isOver } from "./marks";
import { type Group, TaskList } from "./TaskList";
import styles from "./views.module.css";
import listStyles from "./list.module.css";

const DAYS = 14;
const byDue = comparison("due_date", false);

interface Ahead {
  overdue: Task[];
  days: { day: Day; tasks: Task[] }[];
  later: Task[];
  someday: Task[];
}

/** The open tasks by the day on which they are due. */
function ahead(tasks: readonly Task[], today: Day, zone: string): Ahead {
  const days = Array.from({ length: DAYS }, (_, index) => ({ day: addDays(today, index), tasks: [] as Task[] }));
  const byDay = new Map(days.map(({ day, tasks }) => [day, tasks]));
  const [start, end] = [startOf(today, zone), startOf(addDays(today, DAYS), zone)];
  const found: Ahead = { overdue: [], days, later: [], someday: [] };
  for (const task of tasks) {
    if (isOver(task)) continue;
    const due = task.due_date ? Date.parse(task.due_date) : null;
    if (due === null) found.someday.push(task);
    else if (due < start) found.overdue.push(task);
    else if (due >= end) found.later.push(task);
    else byDay.get(dayOf(due, zone))?.push(task);
  }
  for (const list of [found.overdue, found.later, found.someday, ...byDay.values()]) list.sort(byDue);
  return found;
}

function DayHeading({ day, index, zone }: { day: Day; index: number; zone: string }) {
  const name = index === 0 ? "Today" : index === 1 ? "Tomorrow" : formatDay(day, { weekday: "long" });
  const note = formatDay(day, { weekday: index < 2 ? "long" : undefined, day: "numeric", month: "long" });
  return (
    <GroupHeading title={name} note={note}>
      <IconButton size="small" tipSide="left" label={`New task, ${note}`} onClick={() => newTask({ due_date: instantOf(`${day}T${ANY_TIME}`, zone) })}>
        <Plus size={17} aria-hidden />
      </IconButton>
    </GroupHeading>
  );
}

export function UpcomingView() {
  const tasks = useTasks();
  const zone = useZone();
  const today = useToday();
  const groups = useMemo<Group[]>(() => {
    const { overdue, days, later, someday } = ahead(tasks, today, zone);
    const some = (group: Group): Group[] => (group.tasks.length > 0 ? [group] : []);
    return [
      ...some({
        key: "overdue",
        label: "Overdue",
        tasks: overdue,
        heading: (
          <GroupHeading title="Overdue" tone="urgent">
            <Button size="small" variant="quiet" onClick={() => setDueDay(overdue, today, zone, today)}>
              Move all to today
            </Button>
          </GroupHeading>
        ),
      }),
      ...days.map(({ day, tasks: those }, index) => ({
        key: day,
        label: formatDay(day, { weekday: "long", day: "numeric", month: "long" }),
        tasks: those,
        day,
        timeOnly: true,
        heading: <DayHeading {...{ day, index, zone }} />,
        empty: <p className={listStyles.free}>Nothing yet</p>,
      })),
      ...some({ key: "later", label: "Later", tasks: later, heading: <GroupHeading title="Later" /> }),
      { key: "someday", label: "Someday", tasks: someday, day: null, heading: <GroupHeading title="Someday" note="No date" />, empty: <p className={listStyles.free}>Nothing yet</p> },
    ];
  }, [tasks, today, zone]);

  return (
    <div className={styles.view}>
      <ViewHeader title="Upcoming">
        <Button onClick={() => newTask()}>
          <Plus size={17} aria-hidden />
          New task
        </Button>
      </ViewHeader>
      <WhenLoaded>
        <TaskList groups={groups} onDropTasks={(dropped, day) => setDueDay(dropped, day, zone, today)} />
      </WhenLoaded>
    </div>
  );
}
