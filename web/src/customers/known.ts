/** Customers whose card somebody looks at: read when asked for, and kept fresh by the log. */

import { signal } from "@preact/signals";
import type { CustomerCard, CustomerNote, CustomField } from "../model/customer";
import type { LogEvent } from "../model/event";

type ById<Thing> = ReadonlyMap<string, Thing>;

/** Cards by their customer's id. */
export const cards = signal<ById<CustomerCard>>(new Map());
/** Notes by their customer's id, newest first; of those whose panel was opened. */
export const notes = signal<ById<readonly CustomerNote[]>>(new Map());
/** The workspace's own fields, once somebody needs them. */
export const fields = signal<readonly CustomField[] | null>(null);
/** Who was erased while this page was open. */
export const erased = signal<ReadonlySet<string>>(new Set());
/** Counts the merges that were told, done or undone: what they moved is to be read anew. */
export const moved = signal(0);

export function keepCard(card: CustomerCard): void {
  cards.value = new Map(cards.peek()).set(card.id, card);
}

export function keepNotes(customer: string, list: readonly CustomerNote[]): void {
  notes.value = new Map(notes.peek()).set(customer, list);
}

/** Forget everybody: at the end of a session. */
export function forgetCustomers(): void {
  cards.value = new Map();
  notes.value = new Map();
  fields.value = null;
  erased.value = new Set();
}

function eraseCustomer(id: string): void {
  erased.value = new Set(erased.peek()).add(id);
  cards.value = new Map([...cards.peek()].filter(([known]) => known !== id));
  notes.value = new Map([...notes.peek()].filter(([known]) => known !== id));
}

/** Fold log entries in. Only what is known already is kept fresh; the rest is read when it is asked for. */
export function foldCustomers(events: readonly LogEvent[]): void {
  for (const event of events) foldOne(event);
}

function foldOne(event: LogEvent): void {
  switch (event.type) {
    case "customer.created":
      keepCard(event.data);
      break;
    case "customer.updated":
      if (cards.peek().get(event.data.id)?.status === "merged") moved.value += 1;
      keepKnown(event.data);
      break;
    case "customer.merged":
      keepKnown(event.data.customer);
      keepKnown(event.data.merged);
      moved.value += 1;
      break;
    case "customer.erased":
      for (const id of [event.data.id, ...event.data.merged_ids]) eraseCustomer(id);
      break;
    case "customer_note.updated":
      foldNote(event.data);
      break;
    case "custom_field.updated":
      fields.value = fields.peek() === null ? null : withField(fields.peek() ?? [], event.data);
      break;
    default:
  }
}

function keepKnown(card: CustomerCard): void {
  if (cards.peek().has(card.id)) keepCard(card);
}

function foldNote(note: CustomerNote): void {
  const list = notes.peek().get(note.customer_id);
  if (list === undefined) return;
  const others = list.filter((one) => one.id !== note.id);
  const next = note.deleted_at === null ? [...others, note].sort(newestFirst) : others;
  keepNotes(note.customer_id, next);
}

function newestFirst(a: CustomerNote, b: CustomerNote): number {
  return `${b.created_at}${b.id}` < `${a.created_at}${a.id}` ? -1 : 1;
}

function withField(list: readonly CustomField[], field: CustomField): readonly CustomField[] {
  const others = list.filter((one) => one.id !== field.id);
  return field.deleted_at === null ? [...others, field].sort(inOrder) : others;
}

function inOrder(a: CustomField, b: CustomField): number {
  return a.position === b.position ? (a.key < b.key ? -1 : 1) : a.position - b.position;
}
