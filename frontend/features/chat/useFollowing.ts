import { useEffect } from "react";
import { useConnection } from "@/sync/connection";
import { onUpdate } from "@/sync/updates";
import { follow } from "./store";

/** Changes come in bursts. */
const DEBOUNCE = 1_000;

/**
 * Keeps to what the person says on another device: when they come back to this one, when it is connected again, and when
 * something changed, which the chatbot may have done.
 */
export function useFollowing(): void {
  const isLive = useConnection().state === "live";
  useEffect(() => {
    if (isLive) void follow();
  }, [isLive]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onBack = () => document.visibilityState === "visible" && void follow();
    const end = onUpdate(({ event_type }) => {
      if (event_type === "notification" || document.visibilityState !== "visible") return;
      clearTimeout(timer);
      timer = setTimeout(() => void follow(), DEBOUNCE);
    });
    window.addEventListener("focus", onBack);
    document.addEventListener("visibilitychange", onBack);
    return () => {
      end();
      clearTimeout(timer);
      window.removeEventListener("focus", onBack);
      document.removeEventListener("visibilitychange", onBack);
    };
  }, []);
}
