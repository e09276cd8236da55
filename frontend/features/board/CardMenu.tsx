"use client";
import { Pencil, Trash2 } from "lucide-react";
import { openTask } from "@/features/shell/state";
import { remove, setStatus } from "@/features/tasks/actions";
import { DueMenuItems } from "@/features/tasks/DueMenuItems";
import type { LazyMenuProps } from "@/features/tasks/LazyMenu";
import { STATUS_NAMES } from "@/features/tasks/marks";
import type { Task } from "@/sync/tasks";
import { Menu, MenuItem, MenuRadioGroup, MenuSeparator } from "@/ui/menu";
import { COLUMNS } from "./columns";

/** Where a task can be moved to, on the board and in the calendar. */
export default function CardMenu({ task, trigger, defaultOpen }: { task: Task } & LazyMenuProps) {
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
      <DueMenuItems task={task} />
      <MenuSeparator />
      <MenuItem icon={<Trash2 {...size} />} danger onSelect={() => remove([task])}>
        Delete
      </MenuItem>
    </Menu>
  );
}
