/** Folding the log into the inbox: pure, and a replay changes nothing. */

import type { CustomerCard } from "./customer";
import type { AttachmentUpdated, LogEvent, MessageCreated } from "./event";
import { changeConversation, findConversation, forget, leadOn, renewCustomer, type Inbox } from "./inbox";
import { byActivity, byOccurrence, upsert } from "./order";
import type { Conversation, Customer, Message } from "./types";

export function apply(inbox: Inbox, event: LogEvent): Inbox {
  if (event.seq <= inbox.seq) return inbox;
  const next = { ...inbox, seq: event.seq };
  switch (event.type) {
    case "message.created":
      return addMessage(next, event.data);
    case "message.updated":
      return changeMessage(takeAway(next, event.data), event.data);
    case "message.deleted":
    case "message.status_changed":
      return changeMessage(next, event.data);
    case "note.created":
    case "note.updated":
    case "note.deleted":
    case "activity.created":
      return putMessage(next, event.data); // no list shows them
    case "conversation.created":
    case "conversation.updated":
      return putConversation(next, event.data);
    case "customer.updated":
      return renewCustomer(next, shown(event.data));
    case "customer.merged":
      return leadOn(next, event.data.merged.id, shown(event.data.customer));
    case "customer.erased":
      return forget(next, [event.data.id, ...event.data.merged_ids]);
    case "attachment.updated":
      return changeAttachment(next, event.data);
    default:
      return next; // of the shared lists, or of a type that this page doesn't know
  }
}

export function applyAll(inbox: Inbox, events: readonly LogEvent[]): Inbox {
  return events.reduce(apply, inbox);
}

function addMessage(inbox: Inbox, created: MessageCreated): Inbox {
  const { conversation, ...message } = created;
  return putConversation(putMessage(inbox, message), conversation);
}

function changeMessage(inbox: Inbox, message: Message): Inbox {
  const next = putMessage(inbox, message);
  const last = findConversation(next, message.conversation_id)?.last_message;
  if (last?.id !== message.id) return next;
  const { preview, status, deleted_at } = message;
  const last_message = { ...last, preview, status, deleted: Boolean(deleted_at) };
  return changeConversation(next, message.conversation_id, { last_message });
}

function changeAttachment(inbox: Inbox, changed: AttachmentUpdated): Inbox {
  const { conversation_id, message_id, attachment } = changed;
  const message = inbox.messages[conversation_id]?.find(({ id }) => id === message_id);
  if (!message) return inbox;
  const attachments = message.attachments.map((one) => (one.id === attachment.id ? attachment : one));
  return putMessage(inbox, { ...message, attachments });
}

/** An undone merge moves messages to another conversation. */
function takeAway(inbox: Inbox, { id, conversation_id }: Message): Inbox {
  const from = Object.entries(inbox.messages).find(
    ([thread, messages]) => thread !== conversation_id && messages.some((one) => one.id === id),
  );
  if (from === undefined) return inbox;
  const [thread, messages] = from;
  const left = messages.filter((one) => one.id !== id);
  return { ...inbox, messages: { ...inbox.messages, [thread]: left } };
}

function putMessage(inbox: Inbox, message: Message): Inbox {
  const id = message.conversation_id;
  const thread = upsert(inbox.messages[id] ?? [], message, byOccurrence);
  return { ...inbox, messages: { ...inbox.messages, [id]: thread } };
}

function putConversation(inbox: Inbox, conversation: Conversation): Inbox {
  return { ...inbox, conversations: upsert(inbox.conversations, conversation, byActivity) };
}

/** A conversation shows its customer's name and first address; a provider's own id of a person comes last. */
function shown({ id, name, identities }: CustomerCard): Customer {
  const address = (identities.find(({ kind }) => kind !== "bsuid") ?? identities[0])?.value ?? null;
  return { id, name, address };
}
