// Keeps the page on the device, so that it opens offline, and shows push notifications.
// `precache.js` is written by the build: `self.PRECACHE = { version, files }`.
importScripts("/precache.js");

const CACHE = `page-${self.PRECACHE.version}`;
const NAVIGATION_TIMEOUT = 3000;

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(self.PRECACHE.files))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      const names = await caches.keys();
      // The version before stays for tabs that still run it and load the rest of its scripts.
      const old = names.filter((name) => name.startsWith("page-") && name !== CACHE);
      await Promise.all(old.slice(0, -1).map((name) => caches.delete(name)));
      await self.clients.claim();
    })(),
  );
});

/** `/tasks?task=1` is the document `/tasks`. */
function documentOf(url) {
  return url.pathname.replace(/\/+$/, "") || "/";
}

async function page(event, url) {
  const kept = () => caches.match(documentOf(url)).then((response) => response ?? caches.match("/"));
  let timer;
  const slow = new Promise((resolve) => (timer = setTimeout(resolve, NAVIGATION_TIMEOUT)));
  const network = fetch(event.request).catch(() => undefined);
  const first = await Promise.race([network, slow]);
  clearTimeout(timer);
  return first ?? (await kept()) ?? (await network) ?? Response.error();
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin || url.pathname.startsWith("/api/")) return;
  if (event.request.mode === "navigate") {
    event.respondWith(page(event, url));
  } else if (url.pathname.startsWith("/_next/static/")) {
    // Their names change with their content.
    event.respondWith(caches.match(event.request).then((response) => response ?? fetch(event.request)));
  } else {
    event.respondWith(
      fetch(event.request).catch(async () => (await caches.match(event.request, { ignoreSearch: true })) ?? Response.error()),
    );
  }
});

// What the notification service sends (docs/notifications.md).
self.addEventListener("push", (event) => {
  let message = {};
  try {
    message = event.data?.json() ?? {};
  } catch {
    message = { title: event.data?.text() };
  }
  event.waitUntil(
    self.registration.showNotification(message.title || "Reminder", {
      body: message.body || "",
      tag: message.id,
      icon: "/icon-192.png",
      data: { task: message.task_id },
    }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const task = event.notification.data?.task;
  const path = task ? `/tasks?task=${encodeURIComponent(task)}` : "/notifications";
  event.waitUntil(
    (async () => {
      const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
      const open = windows.find((client) => new URL(client.url).origin === self.location.origin);
      if (!open) return self.clients.openWindow(path);
      await open.focus();
      return open.navigate(path);
    })(),
  );
});
