"use client";
import { CalendarArrowUp, CalendarCheck, CalendarX, Pencil, SkipForward, Sunrise, Trash2 } from "lucide-react";
import { quickDays } from "@/features/editors/due";
import { openTask } from "@/features/shell/state";
import { remove, setDueDay, setStatus, skip } from "@/features/tasks/actions";
import type { LazyMenuProps } from "@/features/tasks/LazyMenu";
import { isOver, STATUS_NAMES } from "@/features/tasks/marks";
import { useToday, useZone } from "@/features/time/useNow";
import type { Task } from "@/sync/tasks";
import { Menu, MenuItem, MenuRadioGroup, MenuSeparator } from "@/ui/menu";
import { COLUMNS } from "./columns";

const ICONS = [CalendarCheck, Sunrise, CalendarArrowUp];

/** Where a task can be moved to, on the board and in the calendar. */
export default function CardMenu({ task, trigger, defaultOpen }: { task: Task } & LazyMenuProps) {
  const zone = useZone();
  const today = useToday();
  const size = { size: 16, "aria-hidden": true } as const;
  return (
    <Menu trigger={trigger} align="end" defaultOpen={defaultOpen}>
      <MenuItem icon={<Pencil {...size} />} onSelect={() => openTask(task.id)}>
        Edit
      </MenuItem>
      <MenuSeparator />
      <MenuRadioGroup
        label="Move to"
        value={task.status}
        options={COLUMNS.map((status) => ({ value: status, label: STATUS_NAMES[status] }))}
        onChange={(status) => setStatus([task], status)}
      />
      <MenuSeparator />
      {quickDays(today).map(({ name, day }, index) => {
        const Icon = ICONS[index] ?? CalendarCheck;
        return (
          <MenuItem key={name} icon={<Icon {...size} />} onSelect={() => setDueDay([task], day, zone, today)}>
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
      <MenuSeparator />
      <MenuItem icon={<Trash2 {...size} />} danger onSelect={() => remove([task])}>
        Delete
      </MenuItem>
    </Menu>
  );
}
