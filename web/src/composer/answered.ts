/** The mail that a reply answers, and how it is quoted below. */

import type { Conversation, Message } from "../model/types";
import { inbox } from "../store";
import { dateAndTime } from "../ui/time";
import { words } from "../words";

/** The latest mail that came in; null where there is none, or nothing is known of it yet. */
export function answered({ id, channel }: Conversation): Message | null {
  if (channel.kind !== "email") return null;
  const thread = inbox.value.messages[id] ?? [];
  return thread.findLast((one) => one.direction === "inbound" && !one.deleted_at) ?? null;
}

/** The line above a quoted mail. */
export function introOf({ from, occurred_at }: Message): string {
  const who = from.name === null ? from.address : `${from.name} <${from.address}>`;
  // A subject of one line: nothing that a stranger calls themselves may break it.
  return words.composer.wrote(dateAndTime(occurred_at), who.replace(/\p{Cc}/gu, " "));
}
