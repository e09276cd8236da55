"use client";
import { ViewHeader } from "@/features/shell/ViewHeader";

export function UpcomingView() {
  return <ViewHeader title="Upcoming" />;
}
