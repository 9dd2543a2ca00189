/**
 * Keeping rows still while somebody aims at them.
 *
 * While the pointer moves over the list, or the list is scrolled down, the order
 * stays as it was; what the rows say keeps changing. It is let go when the pointer
 * leaves or rests, and when the list is back at its top.
 */

import { computed, signal } from "@preact/signals";
import type { Conversation, ConversationId } from "../model/types";
import { inbox } from "../store";
import { order, rows } from "./conversations";

const REST = 4000;

const held = signal<readonly Conversation[] | null>(null);
let resting: ReturnType<typeof setTimeout> | undefined;
let pointed = false;
let scrolled = false;

/** The rows in the order to show them in. */
export const shownRows = computed<readonly Conversation[]>(() => {
  const old = held.value;
  if (old === null) return rows.value;
  return [...inOldOrder(old), ...readSince(old)];
});

/** How many rows would rise above the held ones. */
export const newerRows = computed(() => {
  const top = held.value?.[0];
  if (top === undefined) return 0;
  return rows.value.filter((row) => order.value(row, top) < 0).length;
});

export function pointerMoved(): void {
  pointed = true;
  clearTimeout(resting);
  resting = setTimeout(pointerGone, REST);
  settle();
}

export function pointerGone(): void {
  pointed = false;
  clearTimeout(resting);
  settle();
}

export function listScrolled(offset: number): void {
  scrolled = offset > 0;
  settle();
}

/** Show the true order now. */
export function release(): void {
  pointed = false;
  scrolled = false;
  settle();
}

function settle(): void {
  if (!pointed && !scrolled) held.value = null;
  else held.value ??= rows.peek();
}

function inOldOrder(old: readonly Conversation[]): Conversation[] {
  const current = new Map(inbox.value.conversations.map((row) => [row.id, row]));
  return old.map((row) => current.get(row.id)).filter((row) => row !== undefined);
}

// A further page read while the order is held goes below it.
function readSince(old: readonly Conversation[]): Conversation[] {
  const last = old.at(-1);
  if (last === undefined) return [...rows.value];
  const ids = new Set<ConversationId>(old.map((row) => row.id));
  return rows.value.filter((row) => !ids.has(row.id) && order.value(row, last) > 0);
}
