"use client";
import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import { type ReactNode, useRef } from "react";
import { IconButton } from "./button";
import { cx } from "./cx";
import styles from "./dialog.module.css";

interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: ReactNode;
  /** Only read out. */
  hideTitle?: boolean;
  /** A panel at the right edge instead of a box in the middle; on a phone both are sheets from below. */
  side?: boolean;
  /** Buttons at the bottom. */
  footer?: ReactNode;
  /** Beside the close button. */
  actions?: ReactNode;
  /** The dialog itself gets the focus, not the first thing in it. */
  focusFrame?: boolean;
  children: ReactNode;
}

/** A modal dialog: keeps the focus, closes on Escape and on a click beside it. */
export function Dialog({ open, onOpenChange, title, hideTitle, side, footer, actions, focusFrame, children }: DialogProps) {
  const frame = useRef<HTMLDivElement>(null);
  return (
    <Base.Root open={open} onOpenChange={onOpenChange}>
      <Base.Portal>
        <Base.Backdrop className={styles.backdrop} />
        <Base.Popup ref={frame} initialFocus={focusFrame ? frame : undefined} className={cx(styles.popup, side && styles.side)}>
          <div className={styles.head}>
            <Base.Title className={hideTitle ? "visually-hidden" : styles.title}>{title}</Base.Title>
            {hideTitle ? <span className={styles.title} /> : null}
            {actions}
            <Base.Close render={<IconButton label="Close" tipSide="left" />}>
              <X size={18} aria-hidden />
            </Base.Close>
          </div>
          <div className={styles.body}>{children}</div>
          {footer ? <div className={styles.foot}>{footer}</div> : null}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
