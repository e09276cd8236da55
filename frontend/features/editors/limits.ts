/** How long the texts of a task may be, in characters (contract). */
export const MAX_TITLE = 500;
export const MAX_DESCRIPTION = 10_000;
