import type { Metadata } from "next";
import Link from "next/link";
import { buttonClass } from "@/ui/button";
import { EmptyState } from "@/ui/bits";

export const metadata: Metadata = { title: "Not found" };

export default function NotFound() {
  return (
    <main>
      <h1 className="visually-hidden">Not found</h1>
      <EmptyState
        title="There is nothing here"
        action={
          <Link href="/" className={buttonClass("outline")}>
            Go to today
          </Link>
        }
      >
        The address may be misspelt, or what it named has moved.
      </EmptyState>
    </main>
  );
}
