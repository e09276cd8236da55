import { useShortcuts } from "@/features/keyboard/shortcuts";
import { openTask } from "@/features/shell/state";
import { useToday, useZone } from "@/features/time/useNow";
import { addDays, dayOf } from "@/features/time/zone";
import type { Task } from "@/sync/tasks";
import { remove, setDueDay, setPriority, toggle } from "./actions";
import { type List, move, selectNone, toggleSelected } from "./listState";
import { PRIORITIES, PRIORITY_NAMES } from "./marks";

/** The row that has the focus, or in which something has it. */
const focusedId = (): string | undefined => document.activeElement?.closest<HTMLElement>("[data-task]")?.dataset.task;

/** What the keys do with the rows that are selected, or else with the one that has the focus. */
export function useListShortcuts(list: List, tasksOf: (ids: Iterable<string>) => Task[]): void {
  const zone = useZone();
  const today = useToday();
  const withTasks = (act: (tasks: Task[]) => void) => () => {
    const { selected } = list.getState();
    const id = focusedId();
    const tasks = tasksOf(selected.size > 0 ? selected : id ? [id] : []);
    if (tasks.length > 0) act(tasks);
  };
  const withFocused = (act: (id: string) => void) => () => {
    const id = focusedId();
    if (id && list.getState().ids.includes(id)) act(id);
  };
  const moveBy = (days: number) =>
    withTasks((tasks) => {
      for (const [day, those] of Map.groupBy(tasks, (task) => addDays(task.due_date ? dayOf(task.due_date, zone) : today, days))) setDueDay(those, day, zone, today);
    });
  const group = "Selected task" as const;
  useShortcuts([
    { keys: "j", label: "Next task (or ↓)", group: "Tasks", run: () => move(list, 1) },
    { keys: "k", label: "Previous task (or ↑)", group: "Tasks", run: () => move(list, -1) },
    { keys: "o", label: "Open (or Enter)", group, run: withFocused(openTask) },
    { keys: "e", label: "Complete or reopen (or Space)", group, run: withTasks(toggle) },
    { keys: "F2", label: "Rename", group, run: withFocused((id) => list.setState({ renaming: id })) },
    { keys: "x", label: "Select (Shift with ↑ or ↓ selects more)", group, run: withFocused((id) => toggleSelected(list, id)) },
    { keys: "Escape", label: "Select nothing", group, run: () => selectNone(list) },
    ...PRIORITIES.map((priority, index) => ({
      keys: String(index + 1),
      label: `${PRIORITY_NAMES[priority]} priority`,
      group,
      run: withTasks((tasks) => setPriority(tasks, priority)),
    })),
    { keys: "t", label: "Due today", group, run: withTasks((tasks) => setDueDay(tasks, today, zone, today)) },
    { keys: "]", label: "A day later", group, run: moveBy(1) },
    { keys: "[", label: "A day earlier", group, run: moveBy(-1) },
    { keys: "Delete", label: "Delete", group, run: withTasks(remove) },
  ]);
}
