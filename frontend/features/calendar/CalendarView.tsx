"use client";
import { ViewHeader } from "@/features/shell/ViewHeader";

export function CalendarView() {
  return <ViewHeader title="Calendar" />;
}
