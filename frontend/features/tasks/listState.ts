/** Which row of a list has the keyboard, which are selected, which is being renamed. */
import { createContext, useContext } from "react";
import { createStore, type StoreApi, useStore } from "zustand";

export interface ListState {
  /** All rows in the order shown. */
  ids: string[];
  /** The row that Tab leads to. */
  active: string | null;
  /** A row that takes the focus as soon as it is there. */
  wanted: string | null;
  /** Where a selection that is extended began. */
  anchor: string | null;
  selected: ReadonlySet<string>;
  renaming: string | null;
}

export type List = StoreApi<ListState>;

export const createList = (): List =>
  createStore<ListState>(() => ({ ids: [], active: null, wanted: null, anchor: null, selected: new Set(), renaming: null }));

export const ListContext = createContext<List | null>(null);

export function useListStore(): List {
  const list = useContext(ListContext);
  if (!list) throw new Error("No list around this row");
  return list;
}

export const useList = <T>(select: (state: ListState) => T): T => useStore(useListStore(), select);

/** Gives the keyboard to a row. */
export const focusRow = (list: List, id: string | undefined): void => {
  if (id !== undefined) list.setState({ active: id, wanted: id });
};

/** Moves by so many rows, not past the ends; `extend` takes the rows on the way into the selection. */
export function move(list: List, by: number, extend = false): void {
  const { ids, active, anchor, selected } = list.getState();
  const at = active === null ? -1 : ids.indexOf(active);
  const target = ids[at === -1 ? (by > 0 ? 0 : ids.length - 1) : Math.max(0, Math.min(ids.length - 1, at + by))];
  if (target === undefined) return;
  if (extend) selectRange(list, anchor !== null && selected.size > 0 ? anchor : (active ?? target), target);
  focusRow(list, target);
}

/** Selects exactly the rows from one to the other. */
export function selectRange(list: List, from: string, to: string): void {
  const { ids } = list.getState();
  const [a, b] = [ids.indexOf(from), ids.indexOf(to)];
  if (a === -1 || b === -1) return;
  list.setState({ anchor: from, selected: new Set(ids.slice(Math.min(a, b), Math.max(a, b) + 1)) });
}

export function toggleSelected(list: List, id: string): void {
  const selected = new Set(list.getState().selected);
  if (!selected.delete(id)) selected.add(id);
  list.setState({ selected, anchor: id });
}

export const selectAll = (list: List): void => list.setState(({ ids }) => ({ selected: new Set(ids) }));

export const selectNone = (list: List): void => list.setState({ selected: new Set(), anchor: null });

/** Takes in which rows there are now; what is gone is neither selected nor active any more. */
export function setRows(list: List, ids: string[], hadFocus: boolean): void {
  const before = list.getState();
  if (before.ids === ids) return;
  const there = new Set(ids);
  const isSame = [...before.selected].every((id) => there.has(id));
  list.setState({ ids, selected: isSame ? before.selected : new Set([...before.selected].filter((id) => there.has(id))) });
  if (before.active === null || there.has(before.active)) return;
  const next = ids[Math.min(before.ids.indexOf(before.active), ids.length - 1)];
  if (hadFocus) focusRow(list, next);
  else list.setState({ active: null });
}
