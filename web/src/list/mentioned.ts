/** The notes that call this member: read when they are looked at, and again when another one comes. */

import { signal } from "@preact/signals";
import { ApiError, get } from "../api";
import type { LogEvent } from "../model/event";
import type { Message, Timestamp } from "../model/types";
import { isMe } from "../workspace";

export interface Mention {
  readonly message: Message;
  readonly seen_at: Timestamp | null;
  readonly created_at: Timestamp;
}

interface MentionPage {
  readonly data: readonly Mention[];
  readonly next_cursor: string | null;
  readonly unseen: number;
}

interface State {
  readonly state: "idle" | "loading" | "ready" | "failed";
  readonly cursor: string | null;
}

export const mentions = signal<readonly Mention[]>([]);
export const unseenMentions = signal(0);
export const mentionsState = signal<State>({ state: "idle", cursor: null });

/** Read the newest ones afresh. */
export async function loadMentions(): Promise<void> {
  mentionsState.value = { ...mentionsState.peek(), state: "loading" };
  try {
    const page = await get<MentionPage>("/mentions");
    mentions.value = page.data;
    unseenMentions.value = page.unseen;
    mentionsState.value = { state: "ready", cursor: page.next_cursor };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    mentionsState.value = { ...mentionsState.peek(), state: "failed" };
  }
}

/** Read one page more; a failure leaves the button where it is. */
export async function moreMentions(): Promise<void> {
  const { cursor } = mentionsState.peek();
  if (cursor === null) return;
  const page = await get<MentionPage>(`/mentions?cursor=${encodeURIComponent(cursor)}`);
  mentions.value = [...mentions.peek(), ...page.data];
  mentionsState.value = { state: "ready", cursor: page.next_cursor };
}

/** Look again when a note calls this member. */
export function heardMentions(events: readonly LogEvent[]): void {
  const called = events.some(
    (event) => event.type === "note.created" && event.data.mentions?.some((id) => isMe(id)) === true,
  );
  if (called) void loadMentions();
}
