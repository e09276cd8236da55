"use client";
import { Suspense } from "react";
import { closeTask, useOpenTask } from "@/features/shell/state";
import { useTask } from "@/sync/tasks";
import { Dialog } from "@/ui/dialog";

function Panel() {
  const id = useOpenTask();
  const task = useTask(id);
  return (
    <Dialog side open={id !== null} onOpenChange={(open) => !open && closeTask()} title={task?.title ?? "Task"}>
      {task?.description}
    </Dialog>
  );
}

/** The panel of the task that the address names. */
export function TaskPanel() {
  return (
    <Suspense>
      <Panel />
    </Suspense>
  );
}
