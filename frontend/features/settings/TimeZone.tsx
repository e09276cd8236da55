"use client";
import dynamic from "next/dynamic";
import { useMemo } from "react";
import { useNow } from "@/features/time/useNow";
import { deviceZone, formatTime, formatter } from "@/features/time/zone";
import type { User } from "@/sync/types";
import { Skeleton } from "@/ui/bits";
import { Button } from "@/ui/button";
import { Section } from "./Section";
import styles from "./settings.module.css";
import { useSave } from "./useSave";

const Combobox = dynamic(() => import("@/ui/combobox").then((module) => module.Combobox), { ssr: false, loading: () => <Skeleton className={styles.loadingField} /> });

/** All zones that the browser knows, and those in use. */
function zones(...inUse: string[]): string[] {
  const known = typeof Intl.supportedValuesOf === "function" ? Intl.supportedValuesOf("timeZone") : [];
  return [...new Set([...known, "UTC", ...inUse])].sort((a, b) => a.localeCompare(b, "en"));
}

const offset = (zone: string, at: number): string =>
  formatter(zone, { timeZoneName: "shortOffset" }, "en")
    .formatToParts(at)
    .find(({ type }) => type === "timeZoneName")?.value ?? "";

export function TimeZone({ user }: { user: User }) {
  const { saving, save } = useSave();
  const now = useNow();
  const device = deviceZone();
  const options = useMemo(
    () => zones(device, user.timezone).map((zone) => ({ value: zone, label: zone.replaceAll("_", " "), note: offset(zone, Date.now()) })),
    [device, user.timezone],
  );
  const choose = (timezone: string) => timezone !== user.timezone && void save({ timezone });
  return (
    <Section title="Time zone" about={`Due dates and reminders follow it. It is ${formatTime(now, user.timezone)} there now.`} saving={saving}>
      <Combobox label="Zone" value={user.timezone} options={options} placeholder="Type a city or region" onChange={choose} />
      {device !== user.timezone ? (
        <p className={styles.suggestion}>
          This device is in {device.replaceAll("_", " ")}.{" "}
          <Button size="small" onClick={() => choose(device)}>
            Use it
          </Button>
        </p>
      ) : null}
    </Section>
  );
}
