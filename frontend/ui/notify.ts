/** Called with the first message: what shows messages is loaded then. */
let onFirst: (() => void) | undefined;
let isShown: () => void;
const shown = new Promise<void>((done) => {
  isShown = done;
});

/** Says who brings in `<Toasts>` when it is needed. */
export function whenNeeded(bringIn: () => void): void {
  onFirst = bringIn;
}

/** Says that `<Toasts>` listens. */
export const listening = (): void => isShown();

/** Says something briefly at the bottom of the window, with a way back where there is one. */
export async function notify(title: string, options: { description?: string; undo?: () => void; error?: boolean } = {}): Promise<void> {
  onFirst?.();
  const [{ toasts }] = await Promise.all([import("./toasts"), shown]);
  const { description, undo, error } = options;
  const id = toasts.add({
    title,
    description,
    type: error ? "error" : undefined,
    priority: error ? "high" : "low",
    actionProps: undo && {
      children: "Undo",
      onClick: () => {
        undo();
        toasts.close(id);
      },
    },
  });
}
