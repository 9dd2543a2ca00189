/** Whether the customer panel is unfolded. Beside the thread it is remembered; over it, never. */

import { signal } from "@preact/signals";

const KEY = "postgate.details";
const BESIDE = "(min-width: 1200px)";

export const detailsOpen = signal(isBeside() && recall() !== "folded");

export function toggleDetails(): void {
  detailsOpen.value = !detailsOpen.peek();
  if (isBeside()) remember(detailsOpen.peek() ? "unfolded" : "folded");
}

/** Where the panel covers the thread, another conversation starts without it. */
export function foldDrawer(): void {
  if (!isBeside()) detailsOpen.value = false;
}

export function isBeside(): boolean {
  return matchMedia(BESIDE).matches;
}

function recall(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // storage may be closed to us
  }
}

function remember(value: string): void {
  try {
    localStorage.setItem(KEY, value);
  } catch {
    return; // storage may be closed to us: it is then forgotten with the page
  }
}
