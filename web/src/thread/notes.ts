/** Changing private notes, which only their authors do. */

import { post, send } from "../api";
import { mentionedIn } from "../composer/suggest";
import { addMessages } from "../model/inbox";
import type { Message, MessageId } from "../model/types";
import { change, inbox } from "../store";
import { activeMembers } from "../workspace";

/** Write a note anew, and call whom it names now. Rejects when it can't be. */
export async function changeNote(note: Message, text: string): Promise<void> {
  const body = { text, mentions: mentionedIn(text, activeMembers.peek()) };
  settle(note, await post<Message>(path(note.id), body, "PATCH"));
}

/** Take a note back; the log tells that it is gone. Rejects when it can't be. */
export async function removeNote({ id }: Message): Promise<void> {
  await send(path(id), { method: "DELETE" });
}

// The log may have told more than this answer by now: what it told later stays.
function settle(before: Message, after: Message): void {
  const { conversation_id: thread, id } = before;
  change((known) => {
    if (known.messages[thread]?.find((one) => one.id === id) !== before) return known;
    return addMessages(known, thread, { data: [after], next_cursor: null, seq: inbox.peek().seq });
  });
}

function path(id: MessageId): string {
  return `/notes/${encodeURIComponent(id)}`;
}
