/** The messages of the open conversation: read page by page, kept current by the log. */

import { computed, effect, signal } from "@preact/signals";
import { ApiError, getConversation, listMessages, markRead } from "../api";
import { addConversations, addMessages, changeConversation, findConversation } from "../model/inbox";
import { byOccurrence } from "../model/order";
import type { Conversation, ConversationId, Message } from "../model/types";
import { isComplete, reachAfter, UNREAD_REACH, type Reach } from "../reach";
import { openId } from "../route";
import { change, inbox, wantedThreads } from "../store";

type Reaches = Readonly<Record<ConversationId, Reach<Message>>>;

const reaches = signal<Reaches>({});

/** Whether anybody can see the page. */
export const visible = signal(!document.hidden);

export const conversation = computed<Conversation | null>(() => findConversation(inbox.value, openId.value));

export const reach = computed(() => reaches.value[openId.value ?? ""] ?? UNREAD_REACH);

export const messages = computed<readonly Message[]>(() => {
  const { begun, edge } = reach.value;
  const known = inbox.value.messages[openId.value ?? ""] ?? [];
  if (!begun) return [];
  return edge === null ? known : known.filter((message) => byOccurrence(message, edge) >= 0);
});

/** Read the newest messages of a conversation unless that has been done. */
export async function openThread(id: ConversationId): Promise<void> {
  wantedThreads.add(id);
  const known = reaches.peek()[id] ?? UNREAD_REACH;
  if (!known.begun && known.state !== "loading") await readNext(id);
}

/** Read one page more of the past. */
export async function readOlder(): Promise<void> {
  const id = openId.peek();
  const known = reach.peek();
  if (id !== null && known.begun && known.state === "idle" && !isComplete(known)) await readNext(id);
}

/** Try again after a failure. */
export async function retry(): Promise<void> {
  const id = openId.peek();
  if (id !== null) await readNext(id);
}

/** Forget how far every thread was read, except what a fresh snapshot brought. */
export function restart(fresh: Reaches): void {
  wantedThreads.clear();
  for (const id of Object.keys(fresh)) wantedThreads.add(id);
  reaches.value = fresh;
}

/**
 * Mark the open conversation as read whenever it has news and somebody can see it.
 *
 * `before` runs first, each time, while the count still says what was unread:
 * two effects would run in an order that nobody promises.
 */
export function readWhatIsSeen(before: () => void): () => void {
  const look = () => {
    visible.value = !document.hidden;
  };
  document.addEventListener("visibilitychange", look);
  const stop = effect(() => {
    before();
    const seen = conversation.value;
    if (visible.value && reach.value.begun && seen !== null && seen.unread_count > 0) void see(seen);
  });
  return () => {
    document.removeEventListener("visibilitychange", look);
    stop();
  };
}

// Shown as read at once. When the server could not be told, the count comes back
// with the next thing that happens here; nothing is asked of the reader.
async function see({ id }: Conversation): Promise<void> {
  change((inbox) => changeConversation(inbox, id, { unread_count: 0 }));
  try {
    await markRead(id);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    unreadLater.add(id);
  }
}

const unreadLater = new Set<ConversationId>();

/** Tell the server about reads that it missed while it was away. */
export function catchUpReads(): void {
  const missed = [...unreadLater];
  unreadLater.clear();
  for (const id of missed) {
    const known = findConversation(inbox.peek(), id);
    if (known !== null) void see(known);
  }
}

async function readNext(id: ConversationId): Promise<void> {
  const before = reaches.peek()[id] ?? UNREAD_REACH;
  setReach(id, { ...before, state: "loading", failure: null });
  try {
    const [page] = await Promise.all([listMessages(id, before.cursor), knowConversation(id)]);
    change((inbox) => addMessages(inbox, id, page));
    setReach(id, reachAfter(page));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    setReach(id, { ...before, state: "failed", failure: error.status });
  }
}

// A deep link may open a conversation that no list page has brought yet.
async function knowConversation(id: ConversationId): Promise<void> {
  if (findConversation(inbox.peek(), id) !== null) return;
  const data = [await getConversation(id)];
  change((inbox) => addConversations(inbox, { data, next_cursor: null, seq: -1 }));
}

function setReach(id: ConversationId, next: Reach<Message>): void {
  reaches.value = { ...reaches.peek(), [id]: next };
}
