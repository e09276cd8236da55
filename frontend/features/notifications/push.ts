/** Push messages of this browser: whether they can be had, on and off. */
import { answer, notifications } from "@/api/client";

/**
 * `insecure`: the page came over plain http. `unsupported`: the browser has no push. `home-screen`: only once the page is
 * installed (iOS). `denied`: the person said no to the browser. `not-configured`: the server has no key.
 */
export type PushState = "insecure" | "unsupported" | "home-screen" | "denied" | "not-configured" | "off" | "on";

const isSupported = () => "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

/** Whether the server can push. It would answer 404 to who asks for its key in vain. */
async function isConfigured(): Promise<boolean> {
  const { channels } = await answer(notifications.GET("/api/notifications/channels"));
  return channels.some(({ channel, available }) => channel === "push" && available);
}

const bytesOf = (base64url: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64url.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));

async function subscription(): Promise<PushSubscription | null> {
  const registration = await navigator.serviceWorker.getRegistration("/");
  return (await registration?.pushManager.getSubscription()) ?? null;
}

/** How it stands with push in this browser; asks the person nothing. */
export async function pushState(): Promise<PushState> {
  if (!window.isSecureContext) return "insecure";
  if (!isSupported()) return /iPhone|iPad/.test(navigator.userAgent) ? "home-screen" : "unsupported";
  if (!(await isConfigured())) return "not-configured";
  if (Notification.permission === "denied") return "denied";
  const own = await subscription();
  if (!own || Notification.permission !== "granted") return "off";
  const { subscriptions } = await answer(notifications.GET("/api/notifications/push-subscriptions"));
  return subscriptions.some(({ endpoint }) => endpoint === own.endpoint) ? "on" : "off";
}

/** Turns push on; the browser asks the person. To be called from a click. */
export async function enablePush(): Promise<PushState> {
  const permission = await Notification.requestPermission();
  if (permission !== "granted") return permission === "denied" ? "denied" : "off";
  const { public_key } = await answer(notifications.GET("/api/notifications/push-key"));
  await navigator.serviceWorker.register("/sw.js");
  const { pushManager } = await navigator.serviceWorker.ready;
  const subscribe = () => pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytesOf(public_key) });
  const made = await subscribe().catch(async (error: unknown) => {
    // One that was made with another key has to go first.
    const old = error instanceof DOMException && error.name === "InvalidStateError" ? await pushManager.getSubscription() : null;
    if (!old) throw error;
    await old.unsubscribe();
    return subscribe();
  });
  const { endpoint, keys } = made.toJSON();
  const { p256dh, auth } = keys ?? {};
  if (!endpoint || !p256dh || !auth) throw new Error("The browser gave no address for push messages");
  await answer(notifications.PUT("/api/notifications/push-subscriptions", { body: { endpoint, keys: { p256dh, auth } } }));
  return "on";
}

/** Turns push off in this browser; it stays off also where the server does not hear of it. */
export async function disablePush(): Promise<void> {
  if (!window.isSecureContext || !isSupported()) return;
  const own = await subscription();
  if (!own) return;
  await own.unsubscribe();
  await answer(notifications.DELETE("/api/notifications/push-subscriptions", { params: { query: { endpoint: own.endpoint } } }));
}
