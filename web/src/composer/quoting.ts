/** The message that the next reply quotes. */

import { computed, signal } from "@preact/signals";
import type { ConversationId, Message } from "../model/types";
import { openId } from "../route";

const chosen = signal<{ readonly conversation: ConversationId; readonly message: Message } | null>(null);

/** That of the open conversation. */
export const quoting = computed<Message | null>(() => {
  const one = chosen.value;
  return one !== null && one.conversation === openId.value ? one.message : null;
});

export function quote(message: Message): void {
  chosen.value = { conversation: message.conversation_id, message };
}

export function unquote(): void {
  chosen.value = null;
}
