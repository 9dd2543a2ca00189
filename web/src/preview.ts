/** What a message says in one line, when it says nothing in words too. */

import type { Conversation, Message } from "./model/types";
import { words } from "./words";

interface Previewed extends Pick<Message, "kind" | "preview" | "deleted_at"> {
  readonly deleted?: boolean;
}

export function previewOf({ kind, preview, deleted, deleted_at }: Previewed): string {
  if (deleted || deleted_at) return words.message.deleted;
  return preview === "" ? (words.kinds[kind] ?? words.message.noText) : preview;
}

/** A conversation's subject in a list: without personal data that was found in it. */
export function subjectOf({ subject, subject_preview: preview = subject }: Conversation): string | null {
  return preview;
}

/** As many characters as a notification shows at most. */
const SHOWN = 200;
const ADDRESS = /\S+@\S+/gu;
const NUMBER = /\+?\p{Nd}(?:[ .\-/()]{0,3}\p{Nd}){6,}/gu;

/**
 * A text as a notification shows it, on screens that others see too: without addresses of e-mail and long numbers. It
 * comes before the gateway has looked for personal data, so all of them are hidden, whatever they are.
 */
export function discreet(text: string): string {
  return text.slice(0, SHOWN).replace(ADDRESS, "•••").replace(NUMBER, "•••");
}
