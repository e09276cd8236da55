"use client";
import { ViewHeader } from "@/features/shell/ViewHeader";
import { useSession } from "@/sync/session";
import { Appearance } from "./Appearance";
import { Channels } from "./Channels";
import { DeleteAccount } from "./DeleteAccount";
import { ExportData } from "./ExportData";
import { Profile } from "./Profile";
import { QuietHours } from "./QuietHours";
import { Reminders } from "./Reminders";
import styles from "./settings.module.css";
import { ThisDevice } from "./ThisDevice";
import { TimeZone } from "./TimeZone";

export function SettingsView() {
  const { user } = useSession();
  if (!user) return null;
  return (
    <div className={styles.view}>
      <ViewHeader title="Settings" />
      <Profile user={user} />
      <TimeZone user={user} />
      <Reminders user={user} />
      <Channels user={user} />
      <QuietHours user={user} />
      <Appearance />
      <ThisDevice />
      <ExportData />
      <DeleteAccount />
    </div>
  );
}
