"use client";
import dynamic from "next/dynamic";
import { type ReactNode, useEffect, useState } from "react";
import { whenNeeded } from "@/ui/notify";
import { ServiceWorker } from "./ServiceWorker";

const Toasts = dynamic(() => import("@/ui/toast").then((module) => module.Toasts), { ssr: false });

export function Providers({ children }: { children: ReactNode }) {
  const [hasMessages, setHasMessages] = useState(false);
  useEffect(() => whenNeeded(() => setHasMessages(true)), []);
  return (
    <>
      {children}
      {hasMessages ? <Toasts /> : null}
      <ServiceWorker />
    </>
  );
}
