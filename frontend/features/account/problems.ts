import { ApiProblem, type FieldProblem } from "@/api/client";

/** What to say at each field and above the form. */
export interface Problems {
  fields: Record<string, string>;
  form: string | null;
}

export const NO_PROBLEMS: Problems = { fields: {}, form: null };

/** The rule that a field broke as a sentence: "Password must be 8 to 128 characters, not 2." */
export function fieldSentences(errors: FieldProblem[], labels: Record<string, string>): Record<string, string> {
  const sentences: Record<string, string> = {};
  for (const { field, message } of errors) sentences[field] ??= `${labels[field] ?? field} ${message}.`;
  return sentences;
}

/** What went wrong, for a person to read, where it is not about a field. */
export function problemInWords(error: unknown): string {
  if (!(error instanceof ApiProblem)) return "Something went wrong in this page. Reload it and try again.";
  if (error.status === 0)
    return navigator.onLine === false ? "You are offline. What you typed stays here until you are back." : "The server cannot be reached. Try again in a moment.";
  if (error.status === 429) {
    const seconds = Math.ceil((error.retryAfter ?? 60_000) / 1000);
    return `Too many requests. Try again in ${seconds === 1 ? "a second" : seconds < 100 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`}.`;
  }
  if (error.status >= 500) return "The server could not do this just now. Try again in a moment.";
  return error.detail.endsWith(".") ? error.detail : `${error.detail}.`;
}
