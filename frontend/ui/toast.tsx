"use client";
import { Toast } from "@base-ui/react/toast";
import { X } from "lucide-react";
import { useEffect } from "react";
import { cx } from "./cx";
import styles from "./toast.module.css";
import { listening } from "./notify";
import { toasts } from "./toasts";

function List() {
  const { toasts: shown } = Toast.useToastManager();
  return shown.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className={cx(styles.toast, toast.type === "error" && styles.bad)} swipeDirection={["down", "right"]}>
      <div className={styles.text}>
        <Toast.Title className={styles.title} render={<p />} />
        <Toast.Description className={styles.description} />
      </div>
      <Toast.Action className={styles.action} />
      <Toast.Close className={styles.close} aria-label="Dismiss">
        <X size={16} aria-hidden />
      </Toast.Close>
    </Toast.Root>
  ));
}

/** Where the messages of `notify` appear. */
export function Toasts() {
  // Effects of what is inside run first: by now the provider listens.
  useEffect(listening, []);
  return (
    <Toast.Provider toastManager={toasts} limit={3} timeout={7000}>
      <Toast.Portal>
        <Toast.Viewport className={styles.viewport}>
          <List />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}
