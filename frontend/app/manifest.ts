import type { MetadataRoute } from "next";

export const dynamic = "force-static";

export default function manifest(): MetadataRoute.Manifest {
  return {
    id: "/",
    name: "Todo Chatbot",
    short_name: "Todo",
    description: "A to-do list that understands what you type.",
    start_url: "/",
    scope: "/",
    display: "standalone",
    background_color: "#f9f7f1",
    theme_color: "#f9f7f1",
    categories: ["productivity"],
    icons: [
      { src: "/icon-192.png", sizes: "192x192", type: "image/png" },
      { src: "/icon-512.png", sizes: "512x512", type: "image/png" },
      { src: "/icon-maskable-512.png", sizes: "512x512", type: "image/png", purpose: "maskable" },
    ],
    shortcuts: [
      { name: "Today", url: "/" },
      { name: "Chat", url: "/chat" },
    ],
  };
}
