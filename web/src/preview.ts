/** What a message says in one line, when it says nothing in words too. */

import type { Message } from "./model/types";
import { words } from "./words";

interface Previewed extends Pick<Message, "kind" | "preview" | "deleted_at"> {
  readonly deleted?: boolean;
}

export function previewOf({ kind, preview, deleted, deleted_at }: Previewed): string {
  if (deleted || deleted_at) return words.message.deleted;
  return preview === "" ? (words.kinds[kind] ?? words.message.noText) : preview;
}
