import type { Metadata } from "next";
import { StatisticsView } from "@/features/statistics/StatisticsView";

export const metadata: Metadata = { title: "Statistics" };

export default function Page() {
  return <StatisticsView />;
}
