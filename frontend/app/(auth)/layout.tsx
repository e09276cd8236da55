import type { ReactNode } from "react";
import { Welcome } from "@/features/account/Welcome";

export default function AuthLayout({ children }: { children: ReactNode }) {
  return <Welcome>{children}</Welcome>;
}
