/** What the gateway tells the page: the shapes of `/api/v1` that the inbox reads. */

export type ConversationId = string;
export type MessageId = string;
export type Timestamp = string;

export type ChannelKind = "whatsapp" | "sms" | "email";
export type ConversationStatus = "open" | "pending" | "snoozed" | "resolved";
export type Direction = "inbound" | "outbound" | "internal";
export type Priority = "low" | "normal" | "high" | "urgent";
export type MessageStatus =
  "received" | "queued" | "unknown" | "sent" | "delivered" | "read" | "played" | "failed" | "canceled";

export interface Channel {
  readonly id: string;
  readonly kind: ChannelKind;
  readonly provider: string;
  readonly address: string;
  readonly name: string | null;
}

export interface Customer {
  readonly id: string;
  readonly name: string | null;
  /** Of somebody whose last address was taken off there is none. */
  readonly address: string | null;
}

export interface LastMessage {
  readonly id: MessageId;
  readonly direction: Direction;
  readonly kind: string;
  readonly preview: string;
  readonly author_id?: string | null;
  readonly status: MessageStatus;
  /** Whether its author took it back. Entries of an older log don't say. */
  readonly deleted?: boolean;
  readonly at: Timestamp;
}

export interface Conversation {
  readonly id: ConversationId;
  readonly channel: Channel;
  readonly customer: Customer;
  readonly status: ConversationStatus;
  readonly snoozed_until?: Timestamp | null;
  readonly priority?: Priority;
  readonly assignee_id?: string | null;
  readonly team_id?: string | null;
  readonly label_ids?: readonly string[];
  readonly subject: string | null;
  readonly subject_preview?: string | null;
  readonly unread_count: number;
  readonly last_message: LastMessage | null;
  readonly window_expires_at: Timestamp | null;
  readonly created_at: Timestamp;
  readonly updated_at: Timestamp;
  readonly last_message_at: Timestamp;
}

export interface Party {
  readonly name: string | null;
  readonly address: string;
}

export interface Attachment {
  readonly id: string | null;
  readonly type: string;
  readonly filename?: string | null;
  readonly mime_type?: string | null;
  readonly size?: number | null;
  readonly width?: number | null;
  readonly height?: number | null;
  readonly duration_ms?: number | null;
  readonly content_id?: string | null;
  readonly state?: "pending" | "stored" | "failed" | "expired" | null;
  /** Why there are no bytes, in words of the server. */
  readonly error?: string | null;
  readonly latitude?: number | null;
  readonly longitude?: number | null;
  readonly name?: string | null;
  readonly address?: string | null;
  readonly phones?: readonly string[] | null;
  readonly emails?: readonly string[] | null;
}

export interface MailFacts {
  readonly cc: readonly Party[];
  readonly message_id: string | null;
  readonly from_verified: boolean | null;
  readonly auto: string | null;
}

export interface MessageError {
  readonly code: string;
  readonly message: string | null;
  readonly retryable?: boolean | null;
}

export interface Message {
  readonly id: MessageId;
  readonly conversation_id: ConversationId;
  readonly external_id: string | null;
  readonly channel: string;
  readonly channel_id: string;
  readonly provider: string;
  readonly direction: Direction;
  readonly kind: string;
  readonly text: string | null;
  readonly preview: string;
  readonly from: Party;
  readonly to: readonly string[];
  readonly author_id?: string | null;
  readonly mentions?: readonly string[];
  readonly attachments: readonly Attachment[];
  readonly in_reply_to: string | null;
  readonly reply_to_id: MessageId | null;
  readonly subject: string | null;
  readonly reply_text: string | null;
  readonly has_html: boolean;
  readonly mail: MailFacts | null;
  readonly status: MessageStatus;
  readonly status_at: Readonly<Record<string, Timestamp>>;
  readonly error: MessageError | null;
  readonly occurred_at: Timestamp;
  readonly received_at: Timestamp;
  readonly created_at: Timestamp;
  /** The latest edit. Entries of an older log don't say. */
  readonly edited_at?: Timestamp | null;
  /** Its author took it back: there is no text and no attachment any more. */
  readonly deleted_at?: Timestamp | null;
  readonly extra: Readonly<Record<string, unknown>>;
}

export interface Me {
  readonly user: { readonly id: string; readonly email: string; readonly name: string | null } | null;
  readonly tenant: { readonly id: string; readonly name: string; readonly slug: string };
  /** Where this person belongs; none for an API key. */
  readonly tenants?: readonly {
    readonly id: string;
    readonly name: string;
    readonly slug: string;
    readonly role: string;
  }[];
  readonly role: string;
  /** What may be done here, by the words of the gateway's own table. */
  readonly permissions: readonly string[];
  readonly demo: boolean;
  readonly seq: number;
  readonly epoch: string;
}

/** One page of a list, newest first; `seq` is a log position the rows are at least as new as. */
/** Messages, newest first; what is newer than them is behind `previous_cursor`. */
export interface MessagePage extends Page<Message> {
  readonly previous_cursor: string | null;
}

export interface Page<Row> {
  readonly data: readonly Row[];
  readonly next_cursor: string | null;
  readonly seq: number;
}
