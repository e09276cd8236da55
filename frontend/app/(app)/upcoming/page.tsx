import type { Metadata } from "next";
import { UpcomingView } from "@/features/tasks/UpcomingView";

export const metadata: Metadata = { title: "Upcoming" };

export default function Page() {
  return <UpcomingView />;
}
