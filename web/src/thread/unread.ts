/**
 * Where the line above the unread messages is.
 *
 * It is set when a conversation is opened and when news arrives while nobody
 * looks, and stays there while it is read: a line that vanished as soon as the
 * count became zero could not be seen.
 */

import { computed, signal } from "@preact/signals";
import type { ConversationId, MessageId } from "../model/types";
import { openId } from "../route";
import { conversation, messages, reach, visible } from "./messages";
import { firstOfUnread } from "./rows";

interface Line {
  readonly conversation: ConversationId;
  readonly above: MessageId | null;
}

const line = signal<Line | null>(null);

export const unreadLine = computed(() => {
  const set = line.value;
  return set !== null && set.conversation === openId.value ? set.above : null;
});

/** Set the line, or leave it; to be called before what it stands above is marked as read. */
export function placeUnreadLine(): void {
  const open = conversation.value;
  if (open === null || !reach.value.begun) {
    if (openId.value === null) line.value = null;
    return;
  }
  const opened = line.peek()?.conversation !== open.id;
  if (opened || (!visible.value && open.unread_count > 0)) {
    line.value = { conversation: open.id, above: firstOfUnread(messages.value, open.unread_count) };
  }
}
