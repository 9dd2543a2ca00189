/**
 * Everything the page knows, as of one position in the log.
 *
 * It is a cache of whole things, not of views: a conversation outside the
 * loaded part of the list may be in it. Views decide what to show.
 */

import { byActivity, byOccurrence, upsert, type Compare } from "./order";
import type { Conversation, ConversationId, Customer, Message, Page } from "./types";

export interface Inbox {
  readonly seq: number;
  readonly conversations: readonly Conversation[];
  readonly messages: Readonly<Record<ConversationId, readonly Message[]>>;
  /** Customers that the log has changed, by id: a page read before that brings their conversations as they were. */
  readonly renewed: Readonly<Record<string, Customer>>;
}

export function emptyInbox(seq: number): Inbox {
  return { seq, conversations: [], messages: {}, renewed: {} };
}

export function addConversations(inbox: Inbox, page: Page<Conversation>): Inbox {
  const current = page.seq >= inbox.seq ? page : { ...page, data: page.data.map(withCustomer(inbox)) };
  const conversations = merge(inbox.conversations, current, inbox.seq, byActivity);
  return { ...inbox, conversations };
}

export function addMessages(inbox: Inbox, id: ConversationId, page: Page<Message>): Inbox {
  const thread = merge(inbox.messages[id] ?? [], page, inbox.seq, byOccurrence);
  return { ...inbox, messages: { ...inbox.messages, [id]: thread } };
}

export function findConversation(inbox: Inbox, id: ConversationId | null): Conversation | null {
  return inbox.conversations.find((conversation) => conversation.id === id) ?? null;
}

/** Put a customer as the log tells it into all conversations, those to come included. */
export function renewCustomer(inbox: Inbox, customer: Customer): Inbox {
  return leadOn(inbox, customer.id, customer);
}

/** Let all conversations of a customer who was merged, those to come included, be those of another one. */
export function leadOn(inbox: Inbox, merged: string, into: Customer): Inbox {
  const conversations = inbox.conversations.map((one) =>
    one.customer.id === merged || one.customer.id === into.id ? { ...one, customer: into } : one,
  );
  return { ...inbox, conversations, renewed: { ...inbox.renewed, [merged]: into, [into.id]: into } };
}

/** Replace a conversation that is known; what the server says next wins over it. */
export function changeConversation(inbox: Inbox, id: ConversationId, change: Partial<Conversation>): Inbox {
  const known = findConversation(inbox, id);
  if (known === null) return inbox;
  return { ...inbox, conversations: upsert(inbox.conversations, { ...known, ...change }, byActivity) };
}

/** Know nothing of some customers any more. */
export function forget(inbox: Inbox, customers: readonly string[]): Inbox {
  const gone = inbox.conversations.filter((one) => customers.includes(one.customer.id)).map(({ id }) => id);
  const conversations = inbox.conversations.filter(({ id }) => !gone.includes(id));
  const messages = Object.fromEntries(Object.entries(inbox.messages).filter(([id]) => !gone.includes(id)));
  return { ...inbox, conversations, messages };
}

function withCustomer({ renewed }: Inbox): (conversation: Conversation) => Conversation {
  return (conversation) => {
    const customer = renewed[conversation.customer.id];
    return customer === undefined ? conversation : { ...conversation, customer };
  };
}

/**
 * Fold a page into what is known. A page read before our log position may hold
 * older versions of things that events have changed since: ours are kept then.
 */
function merge<Row extends { readonly id: string }>(
  known: readonly Row[],
  page: Page<Row>,
  seq: number,
  compare: Compare<Row>,
): readonly Row[] {
  const rows = new Map(known.map((row) => [row.id, row]));
  for (const row of page.data) {
    if (page.seq >= seq || !rows.has(row.id)) rows.set(row.id, row);
  }
  return [...rows.values()].sort(compare);
}

/**
 * Forget the messages of other threads: opening one reads its page anyway, and a
 * page kept open all day would otherwise hold every message that ever arrived.
 */
export function keepThreads(inbox: Inbox, wanted: ReadonlySet<ConversationId>): Inbox {
  const ids = Object.keys(inbox.messages);
  if (ids.every((id) => wanted.has(id))) return inbox;
  const kept = Object.entries(inbox.messages).filter(([id]) => wanted.has(id));
  return { ...inbox, messages: Object.fromEntries(kept) };
}
