import type { components } from "@/api/todo";
import type { FieldProblem } from "@/api/client";

type Schemas = components["schemas"];
export type Task = Schemas["Task"];
export type TaskInput = Schemas["TaskInput"];
export type TaskPatchInput = Schemas["TaskPatchInput"];
export type User = Schemas["User"];
export type UserPatchInput = Schemas["UserPatchInput"];
/** A field of a task that a person can change. */
export type Field = keyof TaskPatchInput;

/** Something that this person did on this device and that the server has not acknowledged. */
export interface Change {
  /** Names it; the `Idempotency-Key` of a `create`. */
  id: string;
  /** Its place in the order of changes; 0 until it is stored. */
  seq: number;
  /** The task; of a `markRead` the notification. */
  taskId: string;
  kind: "create" | "update" | "skip" | "delete" | "markRead";
  /** The new values; of a `create` all that were given. */
  patch: TaskPatchInput;
  /** What the person saw in the fields of `patch`; of a `skip` the due date. */
  before: TaskPatchInput;
  /** Of a `markRead` of all: when the newest of them, `taskId`, was created, RFC 3339. */
  until?: string;
  /** The version of the task that the person saw, as far as the server made it. */
  base: number;
  /** RFC 3339. */
  madeAt: string;
  /**
   * `queued`: to be sent. `conflict`: waits for the person; it has one field, or the task was deleted elsewhere (`task`).
   * `refused`: the server does not take it (`reason`).
   */
  state: "queued" | "conflict" | "refused";
  /** It was sent, and whether it had its effect is not known. */
  sent: boolean;
  /** The tab that made it. */
  tab: string;
  /** The task as it last was, where it was deleted elsewhere or the change was refused. */
  task?: Task;
  reason?: string;
  errors?: FieldProblem[];
}

/** A field that was changed here and elsewhere; `field` is null where the task was deleted elsewhere. */
export interface Conflict {
  id: string;
  task: Task;
  field: Field | null;
  mine: unknown;
  theirs: unknown;
  /** When the change here was made, RFC 3339. */
  at: string;
}

/** A change that the server refused for good; the task shows what it was before. */
export interface Refused {
  id: string;
  taskId: string;
  /** As the person wanted it. */
  task: Task | undefined;
  kind: Change["kind"];
  patch: TaskPatchInput;
  reason: string;
  errors: FieldProblem[];
  at: string;
}
