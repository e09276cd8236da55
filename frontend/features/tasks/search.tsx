import { Fragment, type ReactNode } from "react";

/** Text as a search compares it: lower-case, without accents. */
export const folded = (text: string): string => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/** A text whose parts that match one of the (folded) terms are marked. */
export function highlighted(text: string, terms: readonly string[]): ReactNode {
  if (terms.length === 0) return text;
  // Folding changes lengths: each folded character remembers where it came from.
  let plain = "";
  const from: number[] = [];
  for (let at = 0; at < text.length; ) {
    const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
    const fold = folded(character);
    plain += fold;
    for (let index = 0; index < fold.length; index += 1) from.push(at);
    at += character.length;
  }
  from.push(text.length);
  const marked: [number, number][] = [];
  for (const term of terms) {
    for (let at = plain.indexOf(term); at !== -1; at = plain.indexOf(term, at + term.length)) {
      marked.push([from[at] ?? 0, from[at + term.length] ?? text.length]);
    }
  }
  marked.sort((a, b) => a[0] - b[0]);
  const parts: ReactNode[] = [];
  let end = 0;
  for (const [start, stop] of marked) {
    if (start < end) continue;
    parts.push(text.slice(end, start), <mark key={start}>{text.slice(start, stop)}</mark>);
    end = stop;
  }
  return [...parts, text.slice(end)];
}

const ENTITIES: Record<string, string> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&#x27;": "'", "&#x2F;": "/" };
const unescaped = (text: string): string => text.replace(/&(?:amp|lt|gt|quot|#39|#x27|#x2F);/g, (entity) => ENTITIES[entity] ?? entity);

/** A snippet of the search API: text with `<mark>` around matches, the rest HTML-escaped. Nothing else in it is markup. */
export function snippet(html: string): ReactNode {
  return html.split(/<mark>(.*?)<\/mark>/s).map((part, index) => {
    const text = unescaped(part);
    return index % 2 === 1 ? <mark key={index}>{text}</mark> : <Fragment key={index}>{text}</Fragment>;
  });
}
