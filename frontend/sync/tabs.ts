/** The tabs of a browser: what one tells the others, and what only one does at a time. */
import { newId } from "./ids";

/** Names this tab for as long as it is open. */
export const tabId = newId();

export interface Channel<M> {
  post(message: M): void;
  close(): void;
}

/** Tells the other tabs of this origin, and hears them; alone where the browser cannot. */
export function openChannel<M>(name: string, hear: (message: M) => void): Channel<M> {
  if (typeof BroadcastChannel === "undefined") return { post: () => {}, close: () => {} };
  const channel = new BroadcastChannel(name);
  channel.onmessage = (event: MessageEvent<M>) => hear(event.data);
  let isClosed = false;
  return {
    // What was under way when the person signed out tells nobody.
    post: (message) => void (isClosed || channel.postMessage(message)),
    close: () => {
      isClosed = true;
      channel.close();
    },
  };
}

/** Present in secure contexts only. */
export const hasLocks = (): boolean => typeof navigator !== "undefined" && !!navigator.locks;

/** Does this while no other tab does it; where there are no locks, at once. */
export async function exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
  return hasLocks() ? await navigator.locks.request(name, work) : work();
}
