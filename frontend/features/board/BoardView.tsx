"use client";
import { ViewHeader } from "@/features/shell/ViewHeader";

export function BoardView() {
  return <ViewHeader title="Board" />;
}
