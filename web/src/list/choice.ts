/** The row that the keyboard is on. */

import { computed, signal } from "@preact/signals";
import type { ConversationId } from "../model/types";
import { go, openId } from "../route";
import { foldDrawer } from "../shell/details";
import { shownRows } from "./hold";

const chosen = signal<ConversationId | null>(null);

/** Counts the moves made by key: the list gives the chosen row focus after each. */
export const moves = signal(0);

/** Index of the row that Tab reaches: the chosen one, the open one, or the first. */
export const chosenIndex = computed(() => {
  const rows = shownRows.value;
  const find = (id: ConversationId | null) => rows.findIndex((row) => row.id === id);
  const index = find(chosen.value);
  return Math.max(0, index >= 0 ? index : find(openId.value));
});

export function choose(id: ConversationId): void {
  chosen.value = id;
}

/** Move down or up; the first move lands on the first row. */
export function moveTo(step: 1 | -1): void {
  const rows = shownRows.peek();
  const fresh = chosen.peek() === null && openId.peek() === null;
  const index = fresh ? 0 : chosenIndex.peek() + step;
  const row = rows[Math.min(Math.max(index, 0), rows.length - 1)];
  if (row === undefined) return;
  chosen.value = row.id;
  moves.value = moves.peek() + 1;
}

export function openChosen(): void {
  const row = shownRows.peek()[chosenIndex.peek()];
  if (row !== undefined) open(row.id);
}

export function open(id: ConversationId): void {
  chosen.value = id;
  if (openId.peek() !== id) foldDrawer();
  go({ conversation: id });
}
