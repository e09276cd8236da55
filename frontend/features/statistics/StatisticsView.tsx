"use client";
import { ViewHeader } from "@/features/shell/ViewHeader";

export function StatisticsView() {
  return <ViewHeader title="Statistics" />;
}
