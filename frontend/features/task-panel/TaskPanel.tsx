"use client";
import dynamic from "next/dynamic";
import { Suspense, useState } from "react";
import { useOpenTask } from "@/features/shell/state";

const Panel = dynamic(() => import("./Panel").then((module) => module.Panel), { ssr: false });

function Opened() {
  const id = useOpenTask();
  // Loaded with the first task that is opened; from then on it stays, so that it can slide away.
  const [isWanted, setWanted] = useState(false);
  if (id !== null && !isWanted) setWanted(true);
  return isWanted ? <Panel id={id} /> : null;
}

/** The panel of the task that the address names. */
export function TaskPanel() {
  return (
    <Suspense>
      <Opened />
    </Suspense>
  );
}
