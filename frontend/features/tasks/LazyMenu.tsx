"use client";
import { cloneElement, type ComponentType, type ReactElement, Suspense, useState } from "react";

type Trigger = ReactElement<{ onClick?: () => void; onPointerEnter?: () => void; onFocus?: () => void; "aria-haspopup"?: "menu" | "dialog" }>;

/** What a menu gets that is loaded when someone reaches for its button. */
export interface LazyMenuProps {
  trigger: Trigger;
  defaultOpen: boolean;
}

/** A button whose menu is loaded with the first approach and opens with the first press. */
export function LazyMenu<P extends LazyMenuProps>({ trigger, menu: Menu, preload, popup = "menu", ...rest }: {
  trigger: Trigger;
  menu: ComponentType<P>;
  preload: () => unknown;
  popup?: "menu" | "dialog";
} & Omit<P, keyof LazyMenuProps>) {
  const [isWanted, setWanted] = useState(false);
  const button = cloneElement(trigger, {
    "aria-haspopup": popup,
    onPointerEnter: () => void preload(),
    onFocus: () => void preload(),
    onClick: () => setWanted(true),
  });
  if (!isWanted) return button;
  return (
    <Suspense fallback={button}>
      <Menu {...({ ...rest, trigger, defaultOpen: true } as unknown as P)} />
    </Suspense>
  );
}
