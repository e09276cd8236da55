"use client";
import { ViewHeader } from "@/features/shell/ViewHeader";

export function TodayView() {
  return <ViewHeader title="Today" />;
}
