import { Toast } from "@base-ui/react/toast";

/** The messages that `notify` adds and `<Toasts>` shows. */
export const toasts = Toast.createToastManager();
