/** The message that another one answers, when it is known. */

import type { Message } from "../model/types";
import { inbox } from "../store";

export function quoted(message: Message): Message | null {
  const id = message.reply_to_id;
  if (id === null) return null;
  return inbox.value.messages[message.conversation_id]?.find((other) => other.id === id) ?? null;
}
