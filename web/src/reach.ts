/** How far a paged list has been read. */

import type { Page } from "./model/types";

export interface Reach<Row> {
  readonly state: "idle" | "loading" | "failed";
  /** Whether a first page has arrived. */
  readonly begun: boolean;
  readonly cursor: string | null;
  /** The furthest row read. What lies beyond it is known by chance only, and not shown. */
  readonly edge: Row | null;
  /** The answer that went wrong, when `failed`: 0 for none at all. */
  readonly failure: number | null;
}

export const UNREAD_REACH: Reach<never> = {
  state: "idle",
  begun: false,
  cursor: null,
  edge: null,
  failure: null,
};

export function reachAfter<Row>(page: Page<Row>): Reach<Row> {
  const edge = page.next_cursor === null ? null : (page.data.at(-1) ?? null);
  return { state: "idle", begun: true, cursor: page.next_cursor, edge, failure: null };
}

export function isComplete(reach: Reach<unknown>): boolean {
  return reach.begun && reach.cursor === null;
}
