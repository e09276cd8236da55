import type { components } from "@/api/notifications";

export type Channel = components["schemas"]["Channel"];

export const CHANNELS: Channel[] = ["push", "email", "sms", "in_app"];

export const CHANNEL_NAMES: Record<Channel, string> = { push: "Push", email: "E-mail", sms: "Text message", in_app: "Notifications in this page" };

/** All channels: those in use in their order, then the others. The page's own list is always in use. */
export function arranged(chosen: readonly Channel[]): Channel[] {
  const used = chosen.includes("in_app") ? chosen : [...chosen, "in_app" as const];
  return [...used, ...CHANNELS.filter((channel) => !used.includes(channel))];
}

/** The channels in use with one of them at another place. */
export function moved(used: readonly Channel[], channel: Channel, to: number): Channel[] {
  const rest = used.filter((each) => each !== channel);
  return [...rest.slice(0, to), channel, ...rest.slice(to)];
}
