"use client";
import dynamic from "next/dynamic";
import type { ReactNode } from "react";
import { ServiceWorker } from "./ServiceWorker";

const Toasts = dynamic(() => import("@/ui/toast").then((module) => module.Toasts), { ssr: false });

export function Providers({ children }: { children: ReactNode }) {
  return (
    <>
      {children}
      <Toasts />
      <ServiceWorker />
    </>
  );
}
