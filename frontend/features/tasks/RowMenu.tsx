"use client";
import { CalendarArrowUp, CalendarCheck, CalendarX, CircleCheck, CirclePlay, Pencil, RotateCcw, SkipForward, Square, Sunrise, Trash2 } from "lucide-react";
import { quickDays } from "@/features/editors/due";
import { openTask } from "@/features/shell/state";
import { useToday, useZone } from "@/features/time/useNow";
import type { Task } from "@/sync/tasks";
import { Menu, MenuItem, MenuRadioGroup, MenuSeparator } from "@/ui/menu";
import { remove, setDueDay, setPriority, setStatus, skip, toggle } from "./actions";
import type { LazyMenuProps } from "./LazyMenu";
import { toggleSelected, useListStore } from "./listState";
import { isOver, PRIORITIES, PRIORITY_NAMES } from "./marks";

const DAY_ICONS = [CalendarCheck, Sunrise, CalendarArrowUp];
const DAY_KEYS = ["T", undefined, undefined];

/** Everything that can be done with one task. */
export default function RowMenu({ task, trigger, defaultOpen }: { task: Task } & LazyMenuProps) {
  const list = useListStore();
  const zone = useZone();
  const today = useToday();
  const size = { size: 16, "aria-hidden": true } as const;
  return (
    <Menu trigger={trigger} align="end" defaultOpen={defaultOpen}>
      <MenuItem icon={<Pencil {...size} />} shortcut="O" onSelect={() => openTask(task.id)}>
        Edit
      </MenuItem>
      <MenuItem icon={task.status === "completed" ? <RotateCcw {...size} /> : <CircleCheck {...size} />} shortcut="E" onSelect={() => toggle([task])}>
        {task.status === "completed" ? "Reopen" : "Complete"}
      </MenuItem>
      {task.status === "in_progress" ? (
        <MenuItem icon={<RotateCcw {...size} />} onSelect={() => setStatus([task], "pending")}>
          Move back to to do
        </MenuItem>
      ) : isOver(task) ? null : (
        <MenuItem icon={<CirclePlay {...size} />} onSelect={() => setStatus([task], "in_progress")}>
          Move to in progress
        </MenuItem>
      )}
      <MenuItem icon={<Square {...size} />} shortcut="X" onSelect={() => toggleSelected(list, task.id)}>
        Select
      </MenuItem>
      <MenuSeparator />
      {quickDays(today).map(({ name, day }, index) => {
        const Icon = DAY_ICONS[index] ?? CalendarCheck;
        return (
          <MenuItem key={name} icon={<Icon {...size} />} shortcut={DAY_KEYS[index]} onSelect={() => setDueDay([task], day, zone, today)}>
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
      <MenuRadioGroup
        label="Priority"
        value={task.priority}
        options={PRIORITIES.map((priority) => ({ value: priority, label: PRIORITY_NAMES[priority] }))}
        onChange={(priority) => setPriority([task], priority)}
      />
      <MenuSeparator />
      <MenuItem icon={<Trash2 {...size} />} danger shortcut="Del" onSelect={() => remove([task])}>
        Delete
      </MenuItem>
    </Menu>
  );
}
