/** Changing the open conversation: shown at once, taken back when the gateway refuses. */

import { signal } from "@preact/signals";
import { ApiError, post, send } from "../../api";
import { changeConversation, findConversation } from "../../model/inbox";
import type { Conversation, ConversationId, Priority } from "../../model/types";
import { closeConversation, openId } from "../../route";
import { change, inbox, me } from "../../store";
import { words } from "../../words";
import { conversation } from "../messages";

export interface Change {
  readonly status?: Conversation["status"];
  readonly snoozed_until?: string;
  readonly priority?: Priority;
  readonly assignee_id?: string | null;
  readonly team_id?: string | null;
  readonly label_ids?: readonly string[];
}

/** Why the last change to a conversation was refused. */
export const refusal = signal<{ readonly of: ConversationId; readonly reason: string } | null>(null);

/** Change the open conversation. */
export async function changeOpen(wanted: Change): Promise<void> {
  const before = conversation.peek();
  if (before === null) return;
  refusal.value = null;
  show(before.id, wanted.status === undefined ? wanted : { snoozed_until: null, ...wanted });
  try {
    const after = await post<Conversation>(path(before.id), wanted, "PATCH");
    settle(before, after);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    takeBack(before, wanted);
    const reason = error.status === 0 ? words.error.unreachable : error.message;
    refusal.value = { of: before.id, reason };
  }
}

export function resolveOrReopen(): void {
  const done = conversation.peek()?.status === "resolved";
  void changeOpen({ status: done ? "open" : "resolved" });
}

export function snooze(until: Date): void {
  void changeOpen({ status: "snoozed", snoozed_until: until.toISOString() });
}

/** Take the open conversation oneself. */
export function take(): void {
  const mine = me.peek()?.user?.id;
  if (mine !== undefined) void changeOpen({ assignee_id: mine });
}

export function toggleLabel(label: string): void {
  const has = conversation.peek()?.label_ids ?? [];
  const without = has.filter((one) => one !== label);
  void changeOpen({ label_ids: without.length < has.length ? without : [...has, label].sort() });
}

/** Mark the open conversation as unread, and leave it: while it is open it would be read again at once. */
export async function markUnread(): Promise<void> {
  const id = openId.peek();
  if (id === null) return;
  closeConversation();
  try {
    await send(`${path(id)}/unread`, { method: "POST" });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    refusal.value = { of: id, reason: error.status === 0 ? words.error.unreachable : error.message };
  }
}

function show(id: ConversationId, wanted: Partial<Conversation>): void {
  change((known) => changeConversation(known, id, wanted));
}

// The log may have told more than this answer by now: what it told later stays.
function settle(before: Conversation, after: Conversation): void {
  const now = findConversation(inbox.peek(), before.id);
  if (now?.updated_at === before.updated_at) show(before.id, after);
}

// Only what was wanted goes back, and only where nothing else has changed it since.
function takeBack(before: Conversation, wanted: Change): void {
  const now = findConversation(inbox.peek(), before.id);
  if (now?.updated_at !== before.updated_at) return;
  const names = Object.keys(wanted) as (keyof Change)[];
  const old = Object.fromEntries(names.map((name) => [name, before[name]]));
  show(before.id, { ...old, snoozed_until: before.snoozed_until ?? null });
}

function path(id: ConversationId): string {
  return `/conversations/${encodeURIComponent(id)}`;
}
