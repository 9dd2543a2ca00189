/** Changing the open conversation: shown at once, taken back when the gateway refuses. */

import { signal } from "@preact/signals";
import { ApiError, send } from "../../api";
import { ChangedMeanwhile, changeSeen } from "../../meanwhile";
import { changeConversation, findConversation } from "../../model/inbox";
import type { Conversation, ConversationId, Priority } from "../../model/types";
import { closeConversation, openId } from "../../route";
import { change, inbox, me } from "../../store";
import { exact } from "../../ui/time";
import { words } from "../../words";
import { memberName, team } from "../../workspace";
import { conversation } from "../messages";

export interface Change {
  readonly status?: Conversation["status"];
  readonly snoozed_until?: string;
  readonly priority?: Priority;
  readonly assignee_id?: string | null;
  readonly team_id?: string | null;
  readonly label_ids?: readonly string[];
}

type Wanted = (now: Conversation) => Change;

interface Refusal {
  readonly of: ConversationId;
  readonly said: string;
  /** Does it all the same, where somebody else was in the way. */
  readonly again: (() => void) | null;
}

/** Why the last change to a conversation was refused. */
export const refusal = signal<Refusal | null>(null);

/** Change the open conversation. */
export function changeOpen(wanted: Change): Promise<void> {
  return changeSo(() => wanted);
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

/** Put a label on, or take it off; what others do with other labels stays. */
export function toggleLabel(label: string): void {
  const has = conversation.peek()?.label_ids?.includes(label) ?? false;
  void changeSo(({ label_ids = [] }) => {
    const others = label_ids.filter((one) => one !== label);
    return { label_ids: has ? others : [...others, label].sort() };
  });
}

/** Mark the open conversation as unread, and leave it: while it is open it would be read again at once. */
export async function markUnread(): Promise<void> {
  const id = openId.peek();
  if (id === null) return;
  closeConversation();
  try {
    await send(`${path(id)}/unread`, { method: "POST" });
  } catch (error) {
    refuse(id, error);
  }
}

async function changeSo(wanted: Wanted): Promise<void> {
  const before = conversation.peek();
  if (before === null) return;
  refusal.value = null;
  const change = wanted(before);
  show(before.id, change.status === undefined ? change : { snoozed_until: null, ...change });
  try {
    settle(before, await changeSeen<Conversation>(path(before.id), before, wanted));
  } catch (error) {
    takeBack(before, change);
    if (error instanceof ChangedMeanwhile) tell(before, error as ChangedMeanwhile<Conversation>, wanted);
    else refuse(before.id, error);
  }
}

// It now stands as somebody else left it; wanting it again then counts.
function tell(before: Conversation, { now, names }: ChangedMeanwhile<Conversation>, wanted: Wanted): void {
  settle(before, now);
  const said = words.desk.meanwhile(names.map((name) => inWords(name, now)).join(", "));
  const again = () => {
    if (openId.peek() === before.id) void changeSo(wanted);
  };
  refusal.value = { of: before.id, said, again };
}

function refuse(id: ConversationId, error: unknown): void {
  if (!(error instanceof ApiError)) throw error;
  const reason = error.status === 0 ? words.error.unreachable : error.message;
  refusal.value = { of: id, said: words.desk.failed(reason), again: null };
}

/** How something stands that somebody else has changed. */
function inWords(name: string, now: Conversation): string {
  const { desk, filter, customer } = words;
  switch (name) {
    case "status":
      return `${customer.status}: ${words.statuses[now.status]}`;
    case "snoozed_until":
      return now.snoozed_until ? desk.until(exact(now.snoozed_until)) : words.statuses[now.status];
    case "priority":
      return `${desk.priority}: ${filter.priorities[now.priority ?? "normal"] ?? ""}`;
    case "assignee_id":
      return now.assignee_id ? desk.assignedTo(memberName(now.assignee_id)) : desk.freed;
    default:
      return now.team_id ? `${filter.team}: ${team(now.team_id)?.name ?? "…"}` : desk.noTeam;
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
