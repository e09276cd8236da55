"use client";
import { useState } from "react";
import { closeTask } from "@/features/shell/state";
import { useConnection } from "@/sync/connection";
import { useTask } from "@/sync/tasks";
import { EmptyState, Skeleton } from "@/ui/bits";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { FileX2 } from "lucide-react";
import styles from "./panel.module.css";
import { TaskDetails } from "./TaskDetails";
import { TaskActions } from "./TaskActions";

function Loading() {
  return (
    <div className={styles.loading} role="status" aria-label="Loading the task">
      <Skeleton className={styles.loadingTitle} />
      {[0, 1, 2, 3, 4, 5].map((row) => (
        <Skeleton key={row} className={styles.loadingRow} />
      ))}
    </div>
  );
}

function Missing() {
  const { state } = useConnection();
  if (state === "connecting") return <Loading />;
  return (
    <EmptyState
      icon={<FileX2 size={36} aria-hidden />}
      title={state === "offline" ? "This task is not on this device" : "This task is gone"}
      action={<Button onClick={closeTask}>Close</Button>}
    >
      {state === "offline" ? "It may be there when you are connected again." : "It was deleted, here or on another device."}
    </EmptyState>
  );
}

/** The panel of a task; null closes it. */
export function Panel({ id }: { id: string | null }) {
  // The last one stays in sight while the panel slides away.
  const [shown, setShown] = useState(id);
  if (id !== null && id !== shown) setShown(id);
  const task = useTask(shown);
  return (
    <Dialog side focusFrame open={id !== null} onOpenChange={(open) => !open && closeTask()} title={task?.title ?? "Task"} hideTitle actions={task ? <TaskActions task={task} /> : null}>
      {task ? <TaskDetails key={task.id} task={task} /> : <Missing />}
    </Dialog>
  );
}
