"use client";
import { type Day, formatDay } from "@/features/time/zone";
import type { Task } from "@/sync/tasks";
import { Dialog } from "@/ui/dialog";
import { DayList } from "./DayList";

/** All tasks of a day that has more than its place in the calendar shows. */
export function DayDialog({ day, tasks, onClose }: { day: Day; tasks: readonly Task[]; onClose: () => void }) {
  return (
    <Dialog open focusFrame onOpenChange={(open) => !open && onClose()} title={formatDay(day, { weekday: "long", day: "numeric", month: "long" })}>
      <DayList day={day} tasks={tasks} onLeave={onClose} />
    </Dialog>
  );
}
