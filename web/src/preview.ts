/** What a message says in one line, when it says nothing in words too. */

import type { Message } from "./model/types";
import { words } from "./words";

export function previewOf({ kind, preview }: Pick<Message, "kind" | "preview">): string {
  return preview === "" ? (words.kinds[kind] ?? words.message.noText) : preview;
}
