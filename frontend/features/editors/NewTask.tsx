"use client";
import { useShell } from "@/features/shell/state";
import { Dialog } from "@/ui/dialog";

/** The editor for a new task. */
export function NewTask() {
  const values = useShell((state) => state.newTask);
  return (
    <Dialog open={values !== null} onOpenChange={(open) => !open && useShell.setState({ newTask: null })} title="New task">
      {null}
    </Dialog>
  );
}
