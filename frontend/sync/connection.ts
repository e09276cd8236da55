/** How this device stands to the server. */
import { useData, useLink, type Link } from "./state";

const unsentOf = (changes: readonly { state: string }[]): number => changes.filter(({ state }) => state !== "refused").length;

/** `unsent`: changes that the server has not acknowledged. `loading`: there is nothing to show yet. */
export function useConnection(): Link & { unsent: number } {
  const link = useLink();
  const unsent = useData((data) => unsentOf(data.changes));
  return { ...link, unsent };
}

/** How many changes would be lost by signing out now. */
export const unsentChanges = (): number => unsentOf(useData.getState().changes);
