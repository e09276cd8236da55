/** What the hooks read; `engine` writes it. */
import { create } from "zustand";
import { NOTHING, type State } from "./replica";
import type { Outbox } from "./outbox";
import type { Replica } from "./replica";
import type { Task } from "./types";

interface Data extends State {
  list: Task[];
}

export const useData = create<Data>(() => ({ ...NOTHING, list: [] }));

export interface Link {
  state: "live" | "connecting" | "offline";
  loading: boolean;
  error: string | null;
}

export const useLink = create<Link>(() => ({ state: "connecting", loading: false, error: null }));

/** What runs for the person who is signed in. */
export interface Running {
  replica: Replica;
  outbox: Outbox;
}

let current: Running | null = null;
export const running = (): Running | null => current;
export const setRunning = (next: Running | null): void => {
  current = next;
};

/** Shows a state; the list keeps its identity where its tasks are the same. */
export function show(state: State): void {
  const shown = useData.getState();
  const list = [...state.view.values()].sort((a, b) => b.created_at.localeCompare(a.created_at) || a.id.localeCompare(b.id));
  const isSame = list.length === shown.list.length && list.every((task, index) => task === shown.list[index]);
  useData.setState({ ...state, list: isSame ? shown.list : list });
}
