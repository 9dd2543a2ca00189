/** The rows of the chosen view: read page by page, kept current by the log. */

import { computed, signal } from "@preact/signals";
import { ApiError, listConversations } from "../api";
import { addConversations } from "../model/inbox";
import { byActivity } from "../model/order";
import type { Conversation } from "../model/types";
import { isComplete, reachAfter, UNREAD_REACH, type Reach } from "../reach";
import { view, type View } from "../route";
import { change, inbox } from "../store";

type Reaches = Readonly<Partial<Record<View, Reach<Conversation>>>>;

const reaches = signal<Reaches>({});

export const reach = computed(() => reaches.value[view.value] ?? UNREAD_REACH);

/** What the view shows. Before its first page arrives: whatever "All" has read of it. */
export const rows = computed<readonly Conversation[]>(() => {
  const known = reach.value.begun ? reach.value : (reaches.value.all ?? UNREAD_REACH);
  if (!known.begun) return [];
  const wanted = view.value;
  return inbox.value.conversations.filter((row) => isIn(row, wanted) && isWithin(row, known.edge));
});

export const unreadConversations = computed(
  () => inbox.value.conversations.filter((row) => row.unread_count > 0).length,
);

/** Read the first page of the view unless it has been read. */
export async function openView(wanted: View): Promise<void> {
  const known = reaches.peek()[wanted];
  if (known === undefined || (!known.begun && known.state !== "loading")) await readNext(wanted);
}

/** Read one page more. */
export async function readMore(): Promise<void> {
  const { state, begun } = reach.peek();
  if (begun && state !== "loading" && !isComplete(reach.peek())) await readNext(view.peek());
}

/** Try again after a failure. */
export async function retry(): Promise<void> {
  await readNext(view.peek());
}

/** Start over from a fresh first page of one view. */
export function restart(wanted: View, first: Reach<Conversation>): void {
  reaches.value = { [wanted]: first };
}

async function readNext(wanted: View): Promise<void> {
  const before = reaches.peek()[wanted] ?? UNREAD_REACH;
  setReach(wanted, { ...before, state: "loading", failure: null });
  try {
    const page = await listConversations(wanted === "all" ? null : wanted, before.cursor);
    change((inbox) => addConversations(inbox, page));
    setReach(wanted, reachAfter(page));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    setReach(wanted, { ...before, state: "failed", failure: error.status });
  }
}

function setReach(wanted: View, next: Reach<Conversation>): void {
  reaches.value = { ...reaches.peek(), [wanted]: next };
}

function isIn(row: Conversation, wanted: View): boolean {
  return wanted === "all" || row.status === wanted;
}

function isWithin(row: Conversation, edge: Conversation | null): boolean {
  return edge === null || byActivity(row, edge) <= 0;
}
