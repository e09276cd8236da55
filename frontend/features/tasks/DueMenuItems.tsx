"use client";
import { CalendarArrowUp, CalendarCheck, CalendarX, SkipForward, Sunrise } from "lucide-react";
import { quickDays } from "@/features/editors/due";
import { useToday, useZone } from "@/features/time/useNow";
import type { Task } from "@/sync/tasks";
import { MenuItem } from "@/ui/menu";
import { setDueDay, skip } from "./actions";
import { isOver } from "./marks";

const ICONS = [CalendarCheck, Sunrise, CalendarArrowUp];

/** The items of a task's menu that say when it is due; `shortcuts` are the keys of the quick days, in their order. */
export function DueMenuItems({ task, shortcuts = [] }: { task: Task; shortcuts?: string[] }) {
  const zone = useZone();
  const today = useToday();
  const size = { size: 16, "aria-hidden": true } as const;
  return (
    <>
      {quickDays(today).map(({ name, day }, index) => {
        const Icon = ICONS[index] ?? CalendarCheck;
        return (
          <MenuItem key={name} icon={<Icon {...size} />} shortcut={shortcuts[index]} onSelect={() => setDueDay([task], day, zone, today)}>
            Due {name.toLowerCase()}
          </MenuItem>
        );
      })}
      {task.due_date ? (
        <MenuItem icon={<CalendarX {...size} />} onSelect={() => setDueDay([task], null, zone, today)}>
          No due date
        </MenuItem>
      ) : null}
      {task.recurrence_pattern && task.due_date && !isOver(task) ? (
        <MenuItem icon={<SkipForward {...size} />} onSelect={() => skip(task)}>
          Skip this occurrence
        </MenuItem>
      ) : null}
    </>
  );
}
