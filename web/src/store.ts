/** What is true on this page right now. Only this file and `sync.ts` write to the inbox. */

import { signal } from "@preact/signals";
import type { Connection } from "./live";
import { applyAll } from "./model/apply";
import type { LogEvent } from "./model/event";
import { emptyInbox, keepThreads, type Inbox } from "./model/inbox";
import type { ConversationId, Me } from "./model/types";

export const me = signal<Me | null>(null);
export const inbox = signal<Inbox>(emptyInbox(0));
export const connection = signal<Connection>({ state: "connecting" });

/** Threads whose messages are wanted: those opened since the page was loaded. */
export const wantedThreads = new Set<ConversationId>();

/** Change the inbox as one step. */
export function change(step: (inbox: Inbox) => Inbox): void {
  inbox.value = step(inbox.peek());
}

/** Fold log entries in; messages of threads nobody opened are let go again. */
export function fold(events: readonly LogEvent[]): void {
  change((inbox) => keepThreads(applyAll(inbox, events), wantedThreads));
}
