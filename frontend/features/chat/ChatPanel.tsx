"use client";
/** The conversation: beside the tasks on wide windows, a view of its own on a phone. */
export function ChatPanel() {
  return null;
}
