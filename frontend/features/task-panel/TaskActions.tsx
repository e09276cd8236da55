"use client";
import { EllipsisVertical, SkipForward, Trash2 } from "lucide-react";
import { closeTask } from "@/features/shell/state";
import { isOver } from "@/features/tasks/marks";
import { deleteTask, skipTask, type Task, undo } from "@/sync/tasks";
import { IconButton } from "@/ui/button";
import { Menu, MenuItem } from "@/ui/menu";
import { notify } from "@/ui/notify";

/** Deletes a task and offers to take that back. */
export function deleteWithUndo(task: Task): void {
  const change = deleteTask(task.id);
  if (change) void notify("Deleted", { description: task.title, undo: () => undo(change) });
}

/** What else can be done with the task of the panel. */
export function TaskActions({ task }: { task: Task }) {
  const skip = () => {
    const change = skipTask(task.id);
    if (change) void notify("Skipped to the next date", { description: task.title, undo: () => undo(change) });
  };
  const remove = () => {
    closeTask();
    deleteWithUndo(task);
  };
  return (
    <>
      <IconButton label="Delete task" onClick={remove}>
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
          <MenuItem icon={<SkipForward size={16} aria-hidden />} onSelect={skip}>
            Skip this time
          </MenuItem>
        </Menu>
      ) : null}
    </>
  );
}
