/** One change to all selected conversations. */

import { signal } from "@preact/signals";
import { ApiError, post } from "../api";
import type { Conversation, ConversationId } from "../model/types";
import { announcement } from "../shell/announce";
import { words } from "../words";
import { clearSelection, selection } from "./selection";

export interface Change {
  readonly status?: "open" | "pending" | "snoozed" | "resolved";
  readonly snoozed_until?: string;
  readonly assignee_id?: string | null;
  readonly team_id?: string | null;
  readonly label_ids?: readonly string[];
}

interface Results {
  readonly data: readonly { readonly id: ConversationId; readonly outcome: string }[];
}

const MOST = 200;

export const bulkState = signal<{ readonly busy: boolean; readonly failure: string | null }>({
  busy: false,
  failure: null,
});

/** Change all alike. */
export async function changeAll(change: Change): Promise<void> {
  await run([[change, selection.peek().map((row) => row.id)]]);
}

/** Put a label on all that lack it; where all have it already, take it off. */
export async function toggleLabel(label: string): Promise<void> {
  const rows = selection.peek();
  const off = rows.every((row) => row.label_ids?.includes(label) === true);
  const groups = new Map<string, ConversationId[]>();
  for (const row of rows) {
    const key = JSON.stringify(labelsAfter(row, label, off));
    groups.set(key, [...(groups.get(key) ?? []), row.id]);
  }
  await run([...groups].map(([key, ids]) => [{ label_ids: JSON.parse(key) as string[] }, ids]));
}

// The gateway takes the whole set of labels: those that have the same afterwards go together.
function labelsAfter(row: Conversation, label: string, off: boolean): readonly string[] {
  const others = (row.label_ids ?? []).filter((one) => one !== label);
  return (off ? others : [...others, label]).sort();
}

async function run(steps: readonly (readonly [Change, readonly ConversationId[]])[]): Promise<void> {
  bulkState.value = { busy: true, failure: null };
  try {
    let changed = 0;
    let refused = 0;
    for (const [change, ids] of steps) {
      for (let from = 0; from < ids.length; from += MOST) {
        const body = { ids: ids.slice(from, from + MOST), change };
        const { data } = await post<Results>("/conversations/bulk", body);
        changed += data.filter((one) => one.outcome === "changed").length;
        refused += data.filter((one) => !["changed", "unchanged"].includes(one.outcome)).length;
      }
    }
    bulkState.value = { busy: false, failure: refused === 0 ? null : words.bulk.refused(refused) };
    announcement.value = words.bulk.changed(changed);
    if (refused === 0) clearSelection();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    bulkState.value = { busy: false, failure: error.status === 0 ? words.error.unreachable : error.message };
  }
}
