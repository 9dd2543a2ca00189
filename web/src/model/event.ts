/** Entries of the tenant's log, as they arrive from the stream and from traces. */

import type { CustomerCard, CustomerNote, CustomField } from "./customer";
import type { EndpointNews } from "./endpoint";
import type { CannedReply, Label, Member, SavedView, SharedChannel, Team } from "./shared";
import type { Attachment, Conversation, Message } from "./types";

export interface MessageCreated extends Message {
  readonly conversation: Conversation;
}

/** Two customers became one. */
export interface CustomerMerged {
  readonly customer: CustomerCard;
  readonly merged: CustomerCard;
}

/** Nothing is known of these customers any more. */
export interface CustomerErased {
  readonly id: string;
  readonly merged_ids: readonly string[];
}

/** A file of a message, as it is now. */
export interface AttachmentUpdated {
  readonly message_id: string;
  readonly conversation_id: string;
  readonly attachment: Attachment;
}

interface Entry<Type extends string, Data> {
  readonly type: Type;
  readonly seq: number;
  readonly data: Data;
}

export type LogEvent =
  | Entry<"message.created", MessageCreated>
  | Entry<"message.updated", Message>
  | Entry<"message.deleted", Message>
  | Entry<"message.status_changed", Message>
  | Entry<"note.created", Message>
  | Entry<"note.updated", Message>
  | Entry<"note.deleted", Message>
  | Entry<"activity.created", Message>
  | Entry<"conversation.created", Conversation>
  | Entry<"conversation.updated", Conversation>
  | Entry<"customer.created", CustomerCard>
  | Entry<"customer.updated", CustomerCard>
  | Entry<"customer.merged", CustomerMerged>
  | Entry<"customer.erased", CustomerErased>
  | Entry<"customer_note.updated", CustomerNote>
  | Entry<"custom_field.updated", CustomField>
  | Entry<"attachment.updated", AttachmentUpdated>
  | Entry<"member.updated", Member>
  | Entry<"team.updated", Team>
  | Entry<"label.updated", Label>
  | Entry<"canned_reply.updated", CannedReply>
  | Entry<"view.updated", SavedView>
  | Entry<"channel.created", SharedChannel>
  | Entry<"channel.updated", SharedChannel>
  | Entry<"webhook_endpoint.updated", EndpointNews>
  | Entry<"other", null>;

/**
 * Narrow what came over the wire. A type that this page does not know becomes
 * `other`: it moves the log position on and changes nothing.
 */
export function toEvent(wire: WireEvent): LogEvent {
  switch (wire.type) {
    case "message.created":
    case "message.updated":
    case "message.deleted":
    case "message.status_changed":
    case "note.created":
    case "note.updated":
    case "note.deleted":
    case "activity.created":
    case "conversation.created":
    case "conversation.updated":
    case "customer.created":
    case "customer.updated":
    case "customer.merged":
    case "customer.erased":
    case "customer_note.updated":
    case "custom_field.updated":
    case "attachment.updated":
    case "member.updated":
    case "team.updated":
    case "label.updated":
    case "canned_reply.updated":
    case "view.updated":
    case "channel.created":
    case "channel.updated":
    case "webhook_endpoint.updated":
      // The server owns these shapes and its tests pin them; the page only folds them.
      return wire as LogEvent;
    default:
      return { type: "other", seq: wire.seq, data: null };
  }
}

export interface WireEvent {
  readonly type: string;
  readonly seq: number;
  readonly data: unknown;
}
