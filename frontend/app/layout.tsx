import type { Metadata, Viewport } from "next";
import localFont from "next/font/local";
import type { ReactNode } from "react";
import "@fontsource-variable/instrument-sans/wght.css";
import "@fontsource/instrument-serif/400.css";
import "@/ui/tokens.css";
import "@/ui/base.css";
import { Providers } from "@/features/shell/Providers";

const sans = localFont({
  src: "../node_modules/@fontsource-variable/instrument-sans/files/instrument-sans-latin-wght-normal.woff2",
  variable: "--font-sans",
  weight: "400 700",
  display: "swap",
});
const serif = localFont({
  src: "../node_modules/@fontsource/instrument-serif/files/instrument-serif-latin-400-normal.woff2",
  variable: "--font-serif",
  weight: "400",
  display: "swap",
  adjustFontFallback: "Times New Roman",
});

export const metadata: Metadata = {
  title: { default: "Todo Chatbot", template: "%s · Todo Chatbot" },
  description: "A to-do list that understands what you type.",
  applicationName: "Todo Chatbot",
  appleWebApp: { capable: true, title: "Todo", statusBarStyle: "default" },
};

export const viewport: Viewport = {
  width: "device-width",
  initialScale: 1,
  viewportFit: "cover",
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#f9f7f1" },
    { media: "(prefers-color-scheme: dark)", color: "#101613" },
  ],
};

// Before the first paint, so that a chosen theme never flashes the other one.
const chooseTheme = `try{var t=localStorage.getItem("theme");if(t)document.documentElement.dataset.theme=t}catch(e){}`;

// A browser reads its tables of languages and zones when it is first asked for a date, which took Chromium 50 to 100 ms on
// two shared cores: better while the scripts are on their way than when they run.
const wakeIntl = `setTimeout(function(){Intl.DateTimeFormat()})`;

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en" className={`${sans.variable} ${serif.variable}`} suppressHydrationWarning>
      <head>
        <script dangerouslySetInnerHTML={{ __html: chooseTheme }} />
        <script dangerouslySetInnerHTML={{ __html: wakeIntl }} />
      </head>
      <body>
        <Providers>{children}</Providers>
      </body>
    </html>
  );
}
