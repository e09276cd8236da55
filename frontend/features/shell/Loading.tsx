"use client";
import { usePathname } from "next/navigation";
import { useToday } from "@/features/time/useNow";
import { formatDay } from "@/features/time/zone";
import { Skeleton } from "@/ui/bits";
import styles from "./shell.module.css";
import { ViewHeader } from "./ViewHeader";

const TITLES: Record<string, string> = {
  "/upcoming": "Upcoming",
  "/tasks": "All tasks",
  "/board": "Board",
  "/notifications": "Notifications",
  "/settings": "Settings",
};

/** The date in the exported page, before its scripts have come: as `formatDay` writes it, in the device's zone. */
const SAY_TODAY = `document.currentScript.previousSibling.textContent=new Intl.DateTimeFormat(void 0,{weekday:"long",day:"numeric",month:"long"}).format()`;

/** The head of today's view: what the page says first. */
function Today() {
  const today = useToday();
  return (
    <>
      <span suppressHydrationWarning>{formatDay(today, { weekday: "long", day: "numeric", month: "long" })}</span>
      <script dangerouslySetInnerHTML={{ __html: SAY_TODAY }} />
    </>
  );
}

/** What stands in a view's place while it is not known who is signed in. */
export function Loading() {
  const path = usePathname();
  const title = path === "/" ? <Today /> : TITLES[path];
  return (
    <div className={styles.loading}>
      {title ? <ViewHeader title={title} /> : <Skeleton className={styles.loadingTitle} />}
      <div className={styles.loadingRows} role="status" aria-label="Loading">
        {[0, 1, 2, 3, 4].map((row) => (
          <Skeleton key={row} className={styles.loadingRow} />
        ))}
      </div>
    </div>
  );
}
