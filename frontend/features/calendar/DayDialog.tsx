"use client";
import { type Day, formatDay } from "@/features/time/zone";
import type { Task } from "@/sync/tasks";
import { Dialog } from "@/ui/dialog";
import { DayList } from "./DayList";
import type { Occurrence } from "./occurrences";

/** All tasks of a day that has more than its place in the calendar shows. */
export function DayDialog({ day, tasks, occurrences, onClose }: { day: Day; tasks: readonly Task[]; occurrences: readonly Occurrence[]; onClose: () => void }) {
  return (
    <Dialog open focusFrame onOpenChange={(open) => !open && onClose()} title={formatDay(day, { weekday: "long", day: "numeric", month: "long" })}>
      <DayList day={day} tasks={tasks} occurrences={occurrences} onLeave={onClose} />
    </Dialog>
  );
}
