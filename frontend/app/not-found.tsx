import type { Metadata } from "next";
import { buttonClass } from "@/ui/button";
import { EmptyState } from "@/ui/bits";

export const metadata: Metadata = { title: "Not found" };

// No `Link`: this is part of every page's scripts.
export default function NotFound() {
  return (
    <main>
      <h1 className="visually-hidden">Not found</h1>
      <EmptyState
        title="There is nothing here"
        action={
          <a href="/" className={buttonClass("outline")}>
            Go to today
          </a>
        }
      >
        The address may be misspelt, or what it named has moved.
      </EmptyState>
    </main>
  );
}
