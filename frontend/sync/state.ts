/** What the hooks read; `engine` writes it. */
import { create } from "zustand";
import { NOTHING, type State } from "./replica";
import type { Outbox } from "./outbox";
import type { Replica } from "./replica";
import type { Task } from "./types";

interface Data extends State {
  list: Task[];
  /** The tasks with changes that are to be sent. */
  queued: ReadonlySet<string>;
}

export const useData = create<Data>(() => ({ ...NOTHING, list: [], queued: new Set() }));

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

/** Times of the API are in UTC and of one form: their texts compare as they do, but for fractions of a second. */
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Shows a state; the list keeps its identity where its tasks are the same. */
export function show(state: State): void {
  const shown = useData.getState();
  const list = [...state.view.values()].sort((a, b) => compare(b.created_at, a.created_at) || compare(a.id, b.id));
  const isSame = list.length === shown.list.length && list.every((task, index) => task === shown.list[index]);
  const queued = new Set(state.changes.filter((change) => change.state === "queued").map((change) => change.taskId));
  useData.setState({ ...state, list: isSame ? shown.list : list, queued });
}
