"use client";
import { ViewHeader } from "@/features/shell/ViewHeader";

export function NotificationsView() {
  return <ViewHeader title="Notifications" />;
}
