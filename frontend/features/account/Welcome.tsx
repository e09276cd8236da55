import type { ReactNode } from "react";

export function Welcome({ children }: { children: ReactNode }) {
  return <main>{children}</main>;
}
