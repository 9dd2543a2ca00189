/** What was searched for lately, kept in this browser alone. */

import { signal } from "@preact/signals";

const KEY = "postgate.searches";
const MOST = 6;

export const recent = signal<readonly string[]>(recall());

/** Remember a search that led somewhere. */
export function remember(text: string): void {
  const kept = text.trim();
  if (kept === "") return;
  keep([kept, ...recent.peek().filter((one) => one !== kept)].slice(0, MOST));
}

export function forget(): void {
  keep([]);
}

function keep(next: readonly string[]): void {
  recent.value = next;
  try {
    localStorage.setItem(KEY, JSON.stringify(next));
  } catch {
    return; // storage may be closed to us: they are then forgotten with the page
  }
}

function recall(): readonly string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter((one) => typeof one === "string").slice(0, MOST) : [];
  } catch {
    return []; // storage may be closed to us, or hold what is not ours
  }
}
