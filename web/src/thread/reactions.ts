/** Reactions belong to the message they are about, and take no line of their own where that is shown. */

import { computed } from "@preact/signals";
import type { Message, MessageId } from "../model/types";
import { messages } from "./messages";

interface Placed {
  /** What is drawn as lines of the thread. */
  readonly lines: readonly Message[];
  /** The reactions to each message, the last of every author. */
  readonly reactions: ReadonlyMap<MessageId, readonly Message[]>;
}

const placed = computed(() => place(messages.value));

export const lines = computed(() => placed.value.lines);

export function reactionsTo(id: MessageId): readonly Message[] {
  return placed.value.reactions.get(id) ?? [];
}

/** Take the reactions out of a thread. A later one of the same author replaces the earlier; an empty one takes it back. */
export function place(thread: readonly Message[]): Placed {
  const known = new Set(thread.map((message) => message.id));
  const latest = new Map<MessageId, Map<string, Message>>();
  const rest: Message[] = [];
  for (const message of thread) {
    const target = message.reply_to_id;
    if (message.kind !== "reaction" || target === null || !known.has(target)) {
      rest.push(message);
      continue;
    }
    const authors = latest.get(target) ?? new Map<string, Message>();
    latest.set(target, authors.set(message.from.address, message));
  }
  const reactions = [...latest].map(
    ([id, authors]) => [id, [...authors.values()].filter((one) => one.text)] as const,
  );
  return { lines: rest, reactions: new Map(reactions) };
}
