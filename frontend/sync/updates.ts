/** Live events, for views that have data of their own. */

/** The data of an event of the topic `task-updates`: `update_data` is the task, or the notification, as the API shows it. */
export interface UpdateEvent {
  event_type: "task_created" | "task_updated" | "task_deleted" | "task_completed" | "notification";
  task_id: string;
  user_id: string;
  timestamp: string;
  update_data: unknown;
}

const listeners = new Set<(event: UpdateEvent) => void>();

/** Hears each event as it comes; perhaps twice or out of order. Gives what ends it. */
export function onUpdate(listener: (event: UpdateEvent) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function announce(event: UpdateEvent): void {
  for (const listener of listeners) listener(event);
}
