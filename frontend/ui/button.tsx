import type { ComponentProps } from "react";
import { cx } from "./cx";
import styles from "./button.module.css";

type ButtonProps = ComponentProps<"button"> & {
  variant?: "primary" | "outline" | "quiet" | "danger";
  size?: "small" | "normal";
};

export function Button({ variant = "outline", size = "normal", className, type = "button", ...rest }: ButtonProps) {
  return (
    <button type={type} className={cx(styles.button, styles[variant], size === "small" && styles.small, className)} {...rest} />
  );
}

/** The classes of a button, for links and triggers that look like one. */
export function buttonClass(variant: "primary" | "outline" | "quiet" | "danger", size: "small" | "normal" = "normal") {
  return cx(styles.button, styles[variant], size === "small" && styles.small);
}

type IconButtonProps = Omit<ComponentProps<"button">, "aria-label"> & {
  /** Read out, and shown as a tooltip. */
  label: string;
  size?: "small" | "normal";
  tipSide?: "bottom" | "right" | "left";
};

/** A button that is only an icon. */
export function IconButton({ label, size = "normal", tipSide = "bottom", className, type = "button", ...rest }: IconButtonProps) {
  return (
    <button
      type={type}
      aria-label={label}
      data-tip={label}
      data-tip-side={tipSide}
      className={cx(styles.icon, size === "small" && styles.small, className)}
      {...rest}
    />
  );
}
