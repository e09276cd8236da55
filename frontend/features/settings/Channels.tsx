"use client";
import { useEffect, useState } from "react";
import { answer, notifications } from "@/api/client";
import type { User } from "@/sync/types";
import { ChannelRow } from "./ChannelRow";
import { arranged, type Channel, CHANNEL_NAMES, moved } from "./channels";
import { Phone } from "./Phone";
import { PushHere } from "./PushHere";
import { Section } from "./Section";
import styles from "./settings.module.css";
import { useSave } from "./useSave";

/** Which channels this installation has; null until it is known. */
function useAvailable(): Set<Channel> | null {
  const [available, setAvailable] = useState<Set<Channel> | null>(null);
  useEffect(() => {
    answer(notifications.GET("/api/notifications/channels")).then(
      ({ channels }) => setAvailable(new Set(channels.filter((each) => each.available).map((each) => each.channel))),
      () => {
        // Without the server nothing can be changed either, and saving tells so.
      },
    );
  }, []);
  return available;
}

/** In which order channels are tried, and their addresses. */
export function Channels({ user }: { user: User }) {
  const { saving, save } = useSave();
  const available = useAvailable();
  const { phone } = user.notification_preferences;
  const [used, setUsed] = useState<Channel[]>(() => user.notification_preferences.channels ?? ["push", "in_app"]);
  const [told, setTold] = useState("");

  async function choose(next: Channel[], words: string) {
    setUsed(next);
    setTold(words);
    if (!(await save({ notification_preferences: { channels: next } }))) setUsed(used);
  }

  function state(channel: Channel, isUsed: boolean): { text: string; isProblem: boolean } {
    const isMissing = available !== null && !available.has(channel);
    if (isMissing) return { text: isUsed ? "Not set up on this server; the next channel is used instead." : "Not set up on this server.", isProblem: true };
    if (channel === "email") return { text: `To ${user.email}`, isProblem: false };
    if (channel === "sms") return phone ? { text: `To ${phone}`, isProblem: false } : { text: "Needs your phone number, below.", isProblem: true };
    if (channel === "push") return { text: "To each browser where you turned it on", isProblem: false };
    return { text: "The bell in the navigation", isProblem: false };
  }

  return (
    <Section title="Notification channels" about="The first one that works is used. Drag them into your order, or use the arrows." saving={saving}>
      <ol className={styles.channels}>
        {arranged(used).map((channel) => {
          const place = used.indexOf(channel);
          return (
            <ChannelRow
              key={channel}
              channel={channel}
              place={place}
              count={used.length}
              state={state(channel, place >= 0)}
              onMove={(to) => void choose(moved(used, channel, to), `${CHANNEL_NAMES[channel]} is now number ${to + 1} of ${used.length}`)}
              onDrop={(dragged) => place >= 0 && void choose(moved(used, dragged, place), `${CHANNEL_NAMES[dragged]} is now number ${place + 1}`)}
              onToggle={(isOn) => {
                const next = isOn ? moved(used, channel, used.length - (used.at(-1) === "in_app" ? 1 : 0)) : used.filter((each) => each !== channel);
                void choose(next, `${CHANNEL_NAMES[channel]} ${isOn ? "on" : "off"}`);
              }}
            />
          );
        })}
      </ol>
      <p className="visually-hidden" role="status">
        {told}
      </p>
      <PushHere />
      <Phone user={user} />
    </Section>
  );
}
