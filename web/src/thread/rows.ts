/** A thread as it is drawn: days, the unread line, and messages grouped by author within five minutes. */

import type { Message, MessageId } from "../model/types";
import { dayKey } from "../ui/time";

export type Row =
  | { readonly kind: "day"; readonly key: string; readonly time: string }
  | { readonly kind: "unread"; readonly key: string }
  | { readonly kind: "group"; readonly key: string; readonly messages: readonly Message[] };

const TOGETHER = 5 * 60 * 1000;

/** Lay out messages that are already in order. */
export function layOut(messages: readonly Message[], firstUnread: MessageId | null): readonly Row[] {
  const rows: Row[] = [];
  let group: Message[] = [];
  let before: Message | null = null;
  for (const message of messages) {
    const newDay = before === null || dayKey(before.occurred_at) !== dayKey(message.occurred_at);
    if (newDay) rows.push({ kind: "day", key: `day ${message.id}`, time: message.occurred_at });
    if (message.id === firstUnread) rows.push({ kind: "unread", key: "unread" });
    if (newDay || message.id === firstUnread || before === null || !belongTogether(before, message)) {
      group = [];
      rows.push({ kind: "group", key: message.id, messages: group });
    }
    group.push(message);
    before = message;
  }
  return rows;
}

/** The message above which the unread line goes: the oldest of the last `count` that came in. */
export function firstOfUnread(messages: readonly Message[], count: number): MessageId | null {
  if (count === 0) return null;
  return (
    messages.filter((message) => message.direction === "inbound").at(-count)?.id ?? messages[0]?.id ?? null
  );
}

function belongTogether(a: Message, b: Message): boolean {
  return (
    a.direction === b.direction &&
    a.from.address === b.from.address &&
    (a.author_id ?? null) === (b.author_id ?? null) &&
    shape(a) === "bubble" &&
    shape(b) === "bubble" &&
    Date.parse(b.occurred_at) - Date.parse(a.occurred_at) <= TOGETHER
  );
}

export type Shape = "mail" | "reaction" | "bubble" | "note" | "activity";

/** How a message is drawn. */
export function shape(message: Message): Shape {
  if (message.direction === "internal") return message.kind === "note" ? "note" : "activity";
  if (message.channel === "email") return "mail";
  return message.kind === "reaction" ? "reaction" : "bubble";
}
