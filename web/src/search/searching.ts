/** The search that is going on: what was typed, what was found, and the row that the keyboard is on. */

import { computed, signal } from "@preact/signals";
import { ApiError } from "../api";
import type { ConversationId, MessageId } from "../model/types";
import { go } from "../route";
import { showMessage } from "../thread/messages";
import {
  find,
  joined,
  KINDS,
  NOTHING,
  type Asked,
  type Found,
  type Kind,
  type Narrowed,
  type Where,
} from "./find";
import { remember } from "./recent";

const PAUSE = 160;

export const searchOpen = signal(false);
export const text = signal("");
export const where = signal<Where>("all");
export const narrowed = signal<Narrowed>({});
export const found = signal<Found | null>(null);
export const busy = signal(false);
/** Why the last search found nothing: the code of the problem. */
export const failure = signal<string | null>(null);

/** A row of the results: where it leads to, or of what it shows more. */
export interface Target {
  readonly id: string;
  readonly conversation: ConversationId | null;
  readonly message?: MessageId;
  readonly more?: Kind;
}

export const targets = computed<readonly Target[]>(() =>
  KINDS.flatMap((kind) => [...targetsOf(found.value, kind), ...moreOf(found.value, kind)]),
);

export function moreId(kind: Kind): string {
  return `more-${kind}`;
}

const chosen = signal<string | null>(null);

/** The id of the row that Enter opens: the first one, until the keyboard moves. */
export const chosenId = computed(() => {
  const known = targets.value.some((one) => one.id === chosen.value);
  return known ? chosen.value : (targets.value[0]?.id ?? null);
});

let waiting: ReturnType<typeof setTimeout> | undefined;
let running = new AbortController();

export function openSearch(): void {
  searchOpen.value = true;
}

/** Close it; what was typed stays, for the next time. */
export function closeSearch(): void {
  searchOpen.value = false;
}

export function type(next: string): void {
  text.value = next;
  chosen.value = null;
  later();
}

export function chooseWhere(next: Where): void {
  where.value = next;
  void searchNow();
}

export function narrow(change: Partial<Record<keyof Narrowed, string | number | undefined>>): void {
  const next = { ...narrowed.peek(), ...change };
  narrowed.value = Object.fromEntries(Object.entries(next).filter((entry) => entry[1] !== undefined));
  void searchNow();
}

export function widen(): void {
  narrowed.value = {};
  void searchNow();
}

/** Ask at once; an answer that is still on its way is not wanted any more. */
export async function searchNow(): Promise<void> {
  const asked = stop();
  if (asked.text.trim() === "") {
    found.value = null;
    failure.value = null;
    return;
  }
  await ask(asked, null, () => NOTHING);
}

/** Read one page more of a kind; from a search in everything, go on to that kind alone. */
export async function searchOn(kind: Kind): Promise<void> {
  const cursor = found.peek()?.[kind]?.next_cursor ?? null;
  if (where.peek() !== kind) {
    chooseWhere(kind);
    return;
  }
  const asked = stop();
  await ask(asked, cursor, () => found.peek() ?? NOTHING);
}

export function move(step: 1 | -1): void {
  const rows = targets.peek();
  const index = rows.findIndex((one) => one.id === chosenId.peek());
  chosen.value = rows[Math.min(Math.max(index + step, 0), rows.length - 1)]?.id ?? null;
}

export function choose(id: string): void {
  chosen.value = id;
}

/** Go to where a row leads. */
export function follow(id: string | null): void {
  const target = targets.peek().find((one) => one.id === id);
  if (target?.more !== undefined) void searchOn(target.more);
  if (!target?.conversation) return;
  remember(text.peek());
  closeSearch();
  // In this order: a thread that is being read already does not begin with its newest messages.
  if (target.message !== undefined) void showMessage(target.conversation, target.message);
  go({ page: "inbox", conversation: target.conversation });
}

function later(): void {
  clearTimeout(waiting);
  waiting = setTimeout(() => void searchNow(), PAUSE);
}

function stop(): Asked {
  clearTimeout(waiting);
  running.abort();
  running = new AbortController();
  busy.value = false;
  return { text: text.peek(), where: where.peek(), narrowed: narrowed.peek() };
}

async function ask(asked: Asked, cursor: string | null, before: () => Found): Promise<void> {
  const { signal } = running;
  busy.value = true;
  failure.value = null;
  try {
    const more = await find(asked, cursor, signal);
    if (signal.aborted) return;
    found.value = joined(before(), more);
  } catch (error) {
    if (signal.aborted) return; // nobody waits for it any more
    if (!(error instanceof ApiError)) throw error;
    failure.value = error.code;
  }
  busy.value = false;
}

function moreOf(found: Found | null, kind: Kind): readonly Target[] {
  const hits = found?.[kind] ?? null;
  const shown = hits !== null && hits.next_cursor !== null && (hits.data.length > 0 || where.value === kind);
  return shown ? [{ id: moreId(kind), conversation: null, more: kind }] : [];
}

function targetsOf(found: Found | null, kind: Kind): readonly Target[] {
  switch (kind) {
    case "messages":
      return (found?.messages?.data ?? []).map(({ message }) => ({
        id: message.id,
        conversation: message.conversation_id,
        message: message.id,
      }));
    case "customers":
      return (found?.customers?.data ?? []).map((hit) => ({
        id: hit.customer.id,
        conversation: hit.conversation_id,
      }));
    case "conversations":
      return (found?.conversations?.data ?? []).map(({ conversation }) => ({
        id: conversation.id,
        conversation: conversation.id,
      }));
  }
}
