/** The two orders everyone agrees on, and sorted lists kept by them. */

import type { Conversation, Message } from "./types";

export type Compare<Row> = (a: Row, b: Row) => number;

/** Newest activity first; the id breaks ties. */
export function byActivity(a: Conversation, b: Conversation): number {
  return compareText(b.last_message_at, a.last_message_at) || compareText(b.id, a.id);
}

/** The provider's time, oldest first; the id breaks ties. */
export function byOccurrence(a: Message, b: Message): number {
  return compareText(a.occurred_at, b.occurred_at) || compareText(a.id, b.id);
}

/** Put a row where it belongs, in place of an older version of itself. */
export function upsert<Row extends { readonly id: string }>(
  rows: readonly Row[],
  row: Row,
  compare: Compare<Row>,
): readonly Row[] {
  const next = rows.filter((other) => other.id !== row.id);
  next.splice(position(next, row, compare), 0, row);
  return next;
}

/** Index of the first row that sorts after `row`. */
function position<Row>(rows: readonly Row[], row: Row, compare: Compare<Row>): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = rows[middle];
    if (other !== undefined && compare(other, row) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

// Times are ISO 8601 in UTC with milliseconds, so their text order is their order in time.
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
