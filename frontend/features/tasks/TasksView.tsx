"use client";
import { ViewHeader } from "@/features/shell/ViewHeader";

export function TasksView() {
  return <ViewHeader title="Tasks" />;
}
