import { v4, v5 } from "uuid";

/** A new id for a change or a tab; works where `crypto.randomUUID` is absent (plain http). */
export const newId = (): string => v4();

/** The id that the server gives to the task that this person creates with this `Idempotency-Key`. */
export const createdTaskId = (userId: string, key: string): string => v5(key, userId);
