/** The colour scheme: the system's, or one that the person chose on this device. */
export type Theme = "system" | "light" | "dark";

const KEY = "theme";

/** What was chosen. */
export function theme(): Theme {
  const chosen = document.documentElement.dataset.theme;
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}

/** Chooses; kept on this device. The script in the page's head applies it before the first paint. */
export function setTheme(next: Theme): void {
  if (next === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  try {
    if (next === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, next);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

/** From what is shown now to the other. */
export function toggleTheme(): void {
  const chosen = theme();
  const isDark = chosen === "dark" || (chosen === "system" && window.matchMedia("(prefers-color-scheme: dark)").matches);
  setTheme(isDark ? "light" : "dark");
}
