/**
 * Messages on their way to the gateway: shown at once, and never beside what became of them.
 *
 * The log does not say by which request a message was made. So one that is on its way is held to be there as soon as
 * the thread has a newer message of the same author and the same words; the answer to the request then says which.
 */

import type { Attachment, ConversationId, Message, MessageId } from "../model/types";

/** What the gateway is asked to send. */
export interface Reply {
  readonly text?: string;
  readonly subject?: string;
  readonly cc?: readonly string[];
  readonly bcc?: readonly string[];
  readonly quote?: { readonly message_id: MessageId; readonly intro: string };
  readonly reply_to_id?: MessageId;
  readonly attachments?: readonly string[];
  readonly template?: TemplateFilled;
}

export interface TemplateFilled {
  readonly name: string;
  readonly language: string;
  readonly header?: { readonly upload: string } | { readonly text: TemplateText };
  readonly body: readonly TemplateText[];
  readonly buttons?: readonly {
    readonly index: number;
    readonly kind: "url" | "copy_code";
    readonly value: string;
  }[];
}

export interface TemplateText {
  readonly text: string;
  readonly name?: string;
}

export interface Note {
  readonly text: string;
  readonly mentions: readonly string[];
}

export interface Failure {
  /** Whether the same again may go well. */
  readonly again: boolean;
  readonly reason: string;
}

export interface Pending {
  /** Made here: by it the gateway knows a request that comes again. */
  readonly key: string;
  readonly conversation: ConversationId;
  readonly what: { readonly reply: Reply } | { readonly note: Note };
  readonly shown: Message;
  /** The newest message that was known when it was written; null: none was. */
  readonly after: MessageId | null;
  readonly failure: Failure | null;
}

/** What sets the id of a message that is not stored yet apart. */
export const NEW = "new_";

export function isNew({ id }: { readonly id: MessageId }): boolean {
  return id.startsWith(NEW);
}

export interface Author {
  readonly id: string | null;
  readonly name: string | null;
}

/** Where something is written: enough of the conversation to draw a message of ours. */
export interface Place {
  readonly conversation: ConversationId;
  readonly channel: {
    readonly id: string;
    readonly kind: string;
    readonly provider: string;
    readonly address: string;
  };
  readonly customer: { readonly address: string | null };
}

/** A message as it is drawn before the gateway has it. */
export function drawn(
  key: string,
  place: Place,
  author: Author,
  time: string,
  content: Partial<Pick<Message, "text" | "kind" | "direction" | "reply_to_id" | "subject" | "mentions">> & {
    readonly attachments?: readonly Attachment[];
  },
): Message {
  const text = content.text ?? null;
  return {
    id: NEW + key,
    conversation_id: place.conversation,
    external_id: null,
    channel: place.channel.kind,
    channel_id: place.channel.id,
    provider: place.channel.provider,
    direction: content.direction ?? "outbound",
    kind: content.kind ?? "text",
    text,
    preview: text ?? "",
    from: { name: author.name, address: place.channel.address },
    to: place.customer.address === null ? [] : [place.customer.address],
    author_id: author.id,
    mentions: content.mentions ?? [],
    attachments: content.attachments ?? [],
    in_reply_to: null,
    reply_to_id: content.reply_to_id ?? null,
    subject: content.subject ?? null,
    reply_text: null,
    has_html: false,
    mail: null,
    status: "queued",
    status_at: {},
    error: null,
    occurred_at: time,
    received_at: time,
    created_at: time,
    edited_at: null,
    deleted_at: null,
    extra: {},
  };
}

/** The id of the newest message of a thread: ids of the gateway grow with time. */
export function newest(thread: readonly Message[]): MessageId | null {
  return thread.reduce<MessageId | null>((last, { id }) => (last === null || id > last ? id : last), null);
}

/** Those of a thread's messages on their way that it does not have yet, in the order in which they were written. */
export function stillPending(pending: readonly Pending[], thread: readonly Message[]): readonly Pending[] {
  const taken = new Set<MessageId>();
  return pending.filter((one) => {
    const found = thread.find((message) => !taken.has(message.id) && isSame(one, message));
    if (found !== undefined) taken.add(found.id);
    return found === undefined;
  });
}

function isSame({ shown, after }: Pending, message: Message): boolean {
  return (
    message.direction === shown.direction &&
    (after === null || message.id > after) &&
    (message.author_id ?? null) === (shown.author_id ?? null) &&
    (message.reply_text ?? message.text ?? "") === (shown.text ?? "") &&
    message.attachments.length === shown.attachments.length
  );
}
