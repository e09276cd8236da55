"use client";
import { ViewHeader } from "@/features/shell/ViewHeader";

export function SettingsView() {
  return <ViewHeader title="Settings" />;
}
