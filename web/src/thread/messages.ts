/** The messages of the open conversation: read page by page, kept current by the log. */

import { batch, computed, effect, signal } from "@preact/signals";
import { ApiError, getConversation, listMessages, markRead } from "../api";
import { onTheirWay } from "../composer/outbox";
import { addConversations, addMessages, changeConversation, findConversation } from "../model/inbox";
import { byOccurrence } from "../model/order";
import type { Conversation, ConversationId, Message, MessageId, MessagePage } from "../model/types";
import { may } from "../permissions";
import { isComplete, reachAfter, UNREAD_REACH, type Reach } from "../reach";
import { openId } from "../route";
import { change, inbox, wantedThreads } from "../store";

type Reaches = Readonly<Record<ConversationId, Reach<Message>>>;

const reaches = signal<Reaches>({});

/** A part of the past that was read by itself: between its newest message and the thread's end something is missing. */
interface Past {
  readonly top: Message;
  readonly newer: string;
  readonly busy: boolean;
}

const pasts = signal<Readonly<Record<ConversationId, Past | null>>>({});

/** A message to be brought into view once it is there. */
export const wantedMessage = signal<MessageId | null>(null);

/** Whether what is shown ends before the newest message. */
export const inPast = computed(() => (pasts.value[openId.value ?? ""] ?? null) !== null);

/** Whether anybody can see the page. */
export const visible = signal(!document.hidden);

export const conversation = computed<Conversation | null>(() => findConversation(inbox.value, openId.value));

export const reach = computed(() => reaches.value[openId.value ?? ""] ?? UNREAD_REACH);

export const messages = computed<readonly Message[]>(() => {
  const { begun, edge } = reach.value;
  const known = inbox.value.messages[openId.value ?? ""] ?? [];
  if (!begun) return [];
  const top = pasts.value[openId.value ?? ""]?.top ?? null;
  const read = known.filter(
    (message) =>
      (edge === null || byOccurrence(message, edge) >= 0) &&
      (top === null || byOccurrence(message, top) <= 0),
  );
  return top === null ? [...read, ...onTheirWay.value.map(({ shown }) => shown)] : read;
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

/** Read one page more towards the newest message, where the thread was opened further up. */
export async function readNewer(): Promise<void> {
  const id = openId.peek();
  const past = pasts.peek()[id ?? ""] ?? null;
  if (id === null || past === null || past.busy) return;
  setPast(id, { ...past, busy: true });
  try {
    const page = await listMessages(id, { newer: past.newer });
    change((inbox) => addMessages(inbox, id, page));
    setPast(id, pastOf(page));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    setPast(id, { ...past, busy: false }); // scrolling asks again
  }
}

/** Bring a message into view; what is around it is read if it has not been. */
export async function showMessage(id: ConversationId, message: MessageId): Promise<void> {
  wantedMessage.value = message;
  wantedThreads.add(id);
  const known = openId.peek() === id && messages.peek().some((one) => one.id === message);
  if (!known) await readAround(id, message);
}

/** Leave the past: show the newest messages again. */
export async function showNewest(): Promise<void> {
  const id = openId.peek();
  if (id === null) return;
  wantedMessage.value = null;
  setPast(id, null);
  setReach(id, UNREAD_REACH);
  await readNext(id);
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
  pasts.value = {};
}

/**
 * Mark the open conversation as read whenever it has news and somebody can see it, who may do so: it is read for all.
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
    const shown = visible.value && reach.value.begun && !inPast.value && may("conversations.write");
    if (shown && seen !== null && seen.unread_count > 0) void see(seen);
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
    const [page] = await Promise.all([listMessages(id, { cursor: before.cursor }), knowConversation(id)]);
    change((inbox) => addMessages(inbox, id, page));
    setReach(id, reachAfter(page));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    setReach(id, { ...before, state: "failed", failure: error.status });
  }
}

async function readAround(id: ConversationId, message: MessageId): Promise<void> {
  const before = reaches.peek()[id] ?? UNREAD_REACH;
  setReach(id, { ...before, state: "loading", failure: null });
  try {
    const [page] = await Promise.all([listMessages(id, { around: message }), knowConversation(id)]);
    batch(() => {
      change((inbox) => addMessages(inbox, id, page));
      setReach(id, reachAfter(page));
      setPast(id, pastOf(page));
    });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    wantedMessage.value = null;
    setReach(id, { ...before, state: "failed", failure: error.status });
  }
}

function pastOf({ data, previous_cursor }: MessagePage): Past | null {
  const top = data[0];
  return top === undefined || previous_cursor === null ? null : { top, newer: previous_cursor, busy: false };
}

function setPast(id: ConversationId, next: Past | null): void {
  pasts.value = { ...pasts.peek(), [id]: next };
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
