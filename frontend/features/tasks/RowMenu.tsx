"use client";
import { CircleCheck, CirclePlay, Pencil, RotateCcw, Square, Trash2 } from "lucide-react";
import { openTask } from "@/features/shell/state";
import type { Task } from "@/sync/tasks";
import { Menu, MenuItem, MenuRadioGroup, MenuSeparator } from "@/ui/menu";
import { remove, setPriority, setStatus, toggle } from "./actions";
import { DueMenuItems } from "./DueMenuItems";
import type { LazyMenuProps } from "./LazyMenu";
import { toggleSelected, useListStore } from "./listState";
import { isOver, PRIORITIES, PRIORITY_NAMES } from "./marks";

const DUE_KEYS = ["T"];

/** Everything that can be done with one task. */
export default function RowMenu({ task, trigger, defaultOpen }: { task: Task } & LazyMenuProps) {
  const list = useListStore();
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
      <DueMenuItems task={task} shortcuts={DUE_KEYS} />
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
