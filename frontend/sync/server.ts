/** The API's routes that changes and loading need. */
import { answer, notifications, todo } from "@/api/client";
import type { Server } from "./outbox";
import type { Task, TaskInput } from "./types";

const at = (id: string) => ({ path: { id } });
const ifMatch = (version: number) => ({ "If-Match": `"${version}"` });

export const server: Server = {
  create: (change) =>
    answer<Task>(todo.POST("/api/tasks", { params: { header: { "Idempotency-Key": change.id } }, body: change.patch as TaskInput })),
  update: (change) =>
    answer<Task>(todo.PATCH("/api/tasks/{id}", { params: { ...at(change.taskId), header: ifMatch(change.base) }, body: change.patch })),
  skip: (change) => answer<Task>(todo.POST("/api/tasks/{id}/skip", { params: { ...at(change.taskId), header: ifMatch(change.base) } })),
  delete: async (change) => {
    await answer(todo.DELETE("/api/tasks/{id}", { params: at(change.taskId) }));
  },
  markRead: async ({ taskId, until }) => {
    await (until
      ? answer(notifications.POST("/api/notifications/read", { params: { query: { until } } }))
      : answer(notifications.POST("/api/notifications/{id}/read", { params: at(taskId) })));
  },
  read: (id) => answer<Task>(todo.GET("/api/tasks/{id}", { params: at(id) })),
};
