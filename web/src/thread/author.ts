/** Who of us wrote a message. */

import type { Message } from "../model/types";
import { isMe, memberName } from "../workspace";

/** The member who wrote it; null for customers, for programs, and for what was written on the business's own phone. */
export function writerOf({ direction, author_id }: Message): string | null {
  return direction === "outbound" && author_id ? memberName(author_id) : null;
}

/** The same, where one's own messages need no name. */
export function colleagueOf(message: Message): string | null {
  return isMe(message.author_id) ? null : writerOf(message);
}
