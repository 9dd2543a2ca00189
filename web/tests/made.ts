/** Made-up conversations, messages and log entries for tests. */

import type { LogEvent } from "../src/model/event";
import type { Conversation, Message } from "../src/model/types";

const START = Date.parse("2026-01-01T09:00:00.000Z");

/** The time `seconds` after nine o'clock on New Year's Day. */
export function at(seconds: number): string {
  return new Date(START + seconds * 1000).toISOString();
}

export function madeConversation(id: string, change: Partial<Conversation> = {}): Conversation {
  return {
    id,
    channel: {
      id: "ch_1",
      kind: "whatsapp",
      provider: "whatsapp_cloud",
      address: "+15550100100",
      name: "Support",
    },
    customer: { id: `cus_${id}`, name: "Maya Lindqvist", address: "+15550100111" },
    status: "open",
    subject: null,
    unread_count: 0,
    last_message: null,
    window_expires_at: null,
    created_at: at(0),
    updated_at: at(0),
    last_message_at: at(0),
    ...change,
  };
}

export function madeMessage(id: string, change: Partial<Message> = {}): Message {
  return {
    id,
    conversation_id: "cnv_1",
    external_id: id,
    channel: "whatsapp",
    channel_id: "ch_1",
    provider: "whatsapp_cloud",
    direction: "inbound",
    kind: "text",
    text: `text of ${id}`,
    preview: `text of ${id}`,
    from: { name: "Maya Lindqvist", address: "+15550100111" },
    to: ["+15550100100"],
    attachments: [],
    in_reply_to: null,
    reply_to_id: null,
    subject: null,
    reply_text: null,
    has_html: false,
    mail: null,
    status: "received",
    status_at: {},
    error: null,
    occurred_at: at(0),
    received_at: at(0.4),
    created_at: at(0.4),
    edited_at: null,
    deleted_at: null,
    extra: {},
    ...change,
  };
}

/** A message and the conversation as it is after it. */
export function madeArrival(seq: number, message: Message, unread = 1): LogEvent {
  const last_message = {
    id: message.id,
    direction: message.direction,
    kind: message.kind,
    preview: message.preview,
    status: message.status,
    deleted: Boolean(message.deleted_at),
    at: message.occurred_at,
  };
  const conversation = madeConversation(message.conversation_id, {
    last_message,
    last_message_at: message.occurred_at,
    unread_count: unread,
  });
  return { type: "message.created", seq, data: { ...message, conversation } };
}
