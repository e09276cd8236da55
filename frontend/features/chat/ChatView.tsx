"use client";
import { ViewHeader } from "@/features/shell/ViewHeader";

export function ChatView() {
  return <ViewHeader title="Chat" />;
}
