/**
 * Says something briefly at the bottom of the window, with a way back where there is one.
 * What shows it is loaded with the first message.
 */
export async function notify(title: string, options: { description?: string; undo?: () => void; error?: boolean } = {}): Promise<void> {
  const { toasts } = await import("./toasts");
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
