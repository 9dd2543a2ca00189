/** Whether a customer can be written to freely now: WhatsApp lets that be for a day after their last message. */

import type { Conversation } from "../model/types";

export type Window =
  | { readonly state: "none" }
  | { readonly state: "open"; readonly left: number; readonly soon: boolean }
  | { readonly state: "closed" };

const MINUTE = 60_000;
const SOON = 2 * 60 * MINUTE;

/**
 * The window of a conversation, with the milliseconds that are left of it.
 *
 * `hours` is how long the provider lets it be open; null where there is no such thing.
 */
export function windowOf(conversation: Conversation, hours: number | null, present: number): Window {
  if (hours === null || conversation.channel.kind !== "whatsapp") return { state: "none" };
  const { window_expires_at } = conversation;
  const left = window_expires_at === null ? 0 : Date.parse(window_expires_at) - present;
  return left <= 0 ? { state: "closed" } : { state: "open", left, soon: left <= SOON };
}
