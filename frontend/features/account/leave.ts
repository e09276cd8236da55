import { disablePush } from "@/features/notifications/push";
import { signOut } from "@/sync/session";

/** Signs out in this browser. Whoever uses it next must not get this person's reminders. */
export async function leave(): Promise<void> {
  await disablePush().catch(() => {});
  await signOut();
}
