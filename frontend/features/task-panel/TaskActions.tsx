"use client";
import { EllipsisVertical, SkipForward, Trash2 } from "lucide-react";
import { closeTask } from "@/features/shell/state";
import { remove, skip } from "@/features/tasks/actions";
import { isOver } from "@/features/tasks/marks";
import type { Task } from "@/sync/tasks";
import { IconButton } from "@/ui/button";
import { Menu, MenuItem } from "@/ui/menu";

/** What else can be done with the task of the panel. */
export function TaskActions({ task }: { task: Task }) {
  return (
    <>
      <IconButton label="Delete task" onClick={() => (closeTask(), remove([task]))}>
        <Trash2 size={18} aria-hidden />
      </IconButton>
      {task.recurrence_pattern && !isOver(task) ? (
        <Menu
          align="end"
          trigger={
            <IconButton label="More actions">
              <EllipsisVertical size={18} aria-hidden />
            </IconButton>
          }
        >
          <MenuItem icon={<SkipForward size={16} aria-hidden />} onSelect={() => skip(task)}>
            Skip this occurrence
          </MenuItem>
        </Menu>
      ) : null}
    </>
  );
}
