/** Which rows are chosen together, to be changed together. */

import { computed, signal } from "@preact/signals";
import type { Conversation, ConversationId } from "../model/types";
import { inbox } from "../store";
import { shownRows } from "./hold";

/** Whether rows are being chosen by touch: a tap then takes a row in instead of opening it. */
export const choosing = signal(false);

const ids = signal<ReadonlySet<ConversationId>>(new Set());
let anchor: ConversationId | null = null;

/** The chosen conversations. One that has left the view since stays chosen: it was meant. */
export const selection = computed<readonly Conversation[]>(() =>
  ids.value.size === 0 ? [] : inbox.value.conversations.filter((row) => ids.value.has(row.id)),
);

export function isSelected(id: ConversationId): boolean {
  return ids.value.has(id);
}

/** Take a row in, or out again. */
export function toggle(id: ConversationId): void {
  const next = new Set(ids.peek());
  if (!next.delete(id)) next.add(id);
  anchor = id;
  ids.value = next;
}

/** Take in all rows from the last one that was toggled to this one. */
export function extendTo(id: ConversationId): void {
  const rows = shownRows.peek();
  const here = rows.findIndex((row) => row.id === id);
  const from = rows.findIndex((row) => row.id === anchor);
  if (from < 0) {
    toggle(id);
    return;
  }
  const between = rows.slice(Math.min(here, from), Math.max(here, from) + 1);
  ids.value = new Set([...ids.peek(), ...between.map((row) => row.id)]);
}

export function selectAll(): void {
  ids.value = new Set(shownRows.peek().map((row) => row.id));
}

export function startChoosing(): void {
  choosing.value = true;
}

export function clearSelection(): void {
  ids.value = new Set();
  choosing.value = false;
  anchor = null;
}
