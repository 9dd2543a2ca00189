/** The rows of the chosen view: read page by page, kept current by the log. */

import { computed, signal } from "@preact/signals";
import { ApiError, listConversations } from "../api";
import { addConversations } from "../model/inbox";
import { byActivity, type Compare } from "../model/order";
import type { Conversation } from "../model/types";
import { isComplete, reachAfter, UNREAD_REACH, type Reach } from "../reach";
import { query, view } from "../route";
import { change, inbox, me } from "../store";
import { allViews } from "../workspace";
import { filtersOf, matches, writeFilters } from "./filters";

/** How far each list was read, by its parameters. */
type Reaches = Readonly<Record<string, Reach<Conversation>>>;

const EVERYTHING = "";

const reaches = signal<Reaches>({});

/** What the view and the address ask for. */
export const filters = computed(() => filtersOf(view.value, query.value, allViews.value));

/** The same, as parameters of the list. */
export const wanted = computed(() => writeFilters(filters.value).toString());

export const reach = computed(() => reaches.value[wanted.value] ?? UNREAD_REACH);

/** The order of the view. */
export const order = computed<Compare<Conversation>>(() =>
  filters.value.sort === "newest" ? byActivity : (a, b) => byActivity(b, a),
);

/** What the view shows. Before its first page arrives: whatever "All" has read of it. */
export const rows = computed<readonly Conversation[]>(() => {
  const known = reach.value.begun ? reach.value : (reaches.value[EVERYTHING] ?? UNREAD_REACH);
  if (!known.begun) return [];
  const [wanted, myId, compare] = [filters.value, me.value?.user?.id, order.value];
  const { edge } = known;
  const within = inbox.value.conversations.filter(
    (row) => matches(row, wanted, myId) && (edge === null || compare(row, edge) <= 0),
  );
  return wanted.sort === "newest" ? within : within.reverse();
});

/** Read the first page of the view unless it has been read. */
export async function openView(): Promise<void> {
  const known = reaches.peek()[wanted.peek()];
  if (known === undefined || (!known.begun && known.state !== "loading")) await readNext(wanted.peek());
}

/** Read one page more. */
export async function readMore(): Promise<void> {
  const { state, begun } = reach.peek();
  if (begun && state !== "loading" && !isComplete(reach.peek())) await readNext(wanted.peek());
}

/** Try again after a failure. */
export async function retry(): Promise<void> {
  await readNext(wanted.peek());
}

/** Start over from a fresh first page of one list. */
export function restart(list: string, first: Reach<Conversation>): void {
  reaches.value = { [list]: first };
}

async function readNext(list: string): Promise<void> {
  const before = reaches.peek()[list] ?? UNREAD_REACH;
  setReach(list, { ...before, state: "loading", failure: null });
  try {
    const page = await listConversations(list, before.cursor);
    change((inbox) => addConversations(inbox, page));
    setReach(list, reachAfter(page));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    setReach(list, { ...before, state: "failed", failure: error.status });
  }
}

function setReach(list: string, next: Reach<Conversation>): void {
  reaches.value = { ...reaches.peek(), [list]: next };
}
