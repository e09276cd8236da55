"use client";
import { useEffect } from "react";
import { whenIdle } from "@/sync/idle";

/** Registers the service worker where there can be one: over https, or on this machine. */
export function ServiceWorker() {
  useEffect(() => {
    if (process.env.NODE_ENV !== "production" || !("serviceWorker" in navigator)) return;
    const register = () => void navigator.serviceWorker.register("/sw.js").catch((error: unknown) => console.warn("No offline use:", error));
    // Filling the cache must not compete with what is on the way to the screen.
    if (document.readyState === "complete") whenIdle(register);
    else window.addEventListener("load", () => whenIdle(register), { once: true });
  }, []);
  return null;
}
