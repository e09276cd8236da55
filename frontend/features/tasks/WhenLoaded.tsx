"use client";
import { CloudOff } from "lucide-react";
import type { ReactNode } from "react";
import { useConnection } from "@/sync/connection";
import { useTasks } from "@/sync/tasks";
import { EmptyState, Skeleton } from "@/ui/bits";
import styles from "./views.module.css";

/** The rows as soon as there is something to show; before, that they come, or why they do not. */
export function WhenLoaded({ children }: { children: ReactNode }) {
  const { loading, error } = useConnection();
  const isEmpty = useTasks().length === 0;
  if (!isEmpty || (!loading && !error)) return children;
  if (loading) {
    return (
      <div className={styles.loading} role="status" aria-label="Loading">
        {[0, 1, 2, 3, 4, 5].map((row) => (
          <Skeleton key={row} className={styles.loadingRow} />
        ))}
      </div>
    );
  }
  return (
    <EmptyState icon={<CloudOff size={40} aria-hidden />} title="Your tasks could not be loaded">
      {error} It is tried again by itself.
    </EmptyState>
  );
}
