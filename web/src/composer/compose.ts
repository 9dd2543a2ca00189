/** From what was written to what is sent. */

import { batch } from "@preact/signals";
import { previewOf } from "../preview";
import { inbox, me } from "../store";
import { activeMembers } from "../workspace";
import type { Conversation, Message } from "../model/types";
import { isAddress, joined } from "./addresses";
import { answered, introOf } from "./answered";
import { draftOf, NO_DRAFT, write, type Draft } from "./drafts";
import { attachments, detachAll, filesOf, type Upload } from "./files";
import { discard, send } from "./outbox";
import { drawn, newest, type Author, type Pending, type Reply, type TemplateFilled } from "./pending";
import { quoting, unquote } from "./quoting";
import { mentionedIn } from "./suggest";

/** Whether there is something to send and nothing in its way. */
export function isReady(conversation: Conversation, mode: "reply" | "note"): boolean {
  const draft = draftOf(conversation.id);
  if (mode === "note") return draft.note.trim() !== "";
  const files = filesOf(conversation.id);
  if (files.some(({ id }) => id === null) || wrongAddress(draft) !== null) return false;
  return draft.text.trim() !== "" || files.length > 0;
}

/** The first copy of a mail that can't be sent anywhere. */
export function wrongAddress({ cc, bcc }: Draft): string | null {
  return [...cc, ...bcc].find((one) => !isAddress(one)) ?? null;
}

export function sendReply(conversation: Conversation): void {
  const { id } = conversation;
  const draft = draftOf(id);
  const files = filesOf(id);
  const text = draft.text.trim();
  const quoted = quoting.peek();
  const reply: Reply = {
    ...(text === "" ? {} : { text }),
    ...(files.length === 0
      ? {}
      : { attachments: files.flatMap((file) => (file.id === null ? [] : [file.id])) }),
    ...(quoted === null ? {} : { reply_to_id: quoted.id }),
    ...(conversation.channel.kind === "email" ? mailOf(conversation, draft) : {}),
  };
  const content = {
    text: text === "" ? null : text,
    kind: text === "" ? (attachments(files)[0]?.type ?? "text") : "text",
    attachments: attachments(files),
    reply_to_id: quoted?.id ?? null,
    subject: draft.subject ?? conversation.subject,
  };
  batch(() => {
    go(conversation, { reply }, content);
    write(id, { ...NO_DRAFT, note: draft.note });
    detachAll(id);
    unquote();
  });
}

function mailOf(conversation: Conversation, { subject, cc, bcc, quote }: Draft): Partial<Reply> {
  const mail = quote ? answered(conversation) : null;
  return {
    ...(subject === null ? {} : { subject }),
    ...(cc.length === 0 ? {} : { cc }),
    ...(bcc.length === 0 ? {} : { bcc }),
    ...(mail === null ? {} : { quote: { message_id: mail.id, intro: introOf(mail) } }),
  };
}

/** Send a template; `text` and `files` are what the thread shows of it. */
export function sendTemplate(
  conversation: Conversation,
  template: TemplateFilled,
  text: string,
  files: readonly Upload[],
): void {
  go(conversation, { reply: { template } }, { text, kind: "template", attachments: attachments(files) });
}

export function sendNote(conversation: Conversation): void {
  const text = draftOf(conversation.id).note.trim();
  const mentions = mentionedIn(text, activeMembers.peek());
  batch(() => {
    go(conversation, { note: { text, mentions } }, { text, kind: "note", direction: "internal", mentions });
    write(conversation.id, { note: "" });
  });
}

/** Put what could not be sent back into the field, before what was written since. */
export function editAgain(pending: Pending): void {
  const { conversation, what } = pending;
  const draft = draftOf(conversation);
  batch(() => {
    discard(pending);
    if ("note" in what) {
      write(conversation, { note: [what.note.text, draft.note].filter(Boolean).join("\n") });
      return;
    }
    const { text = "", subject = draft.subject, cc = [], bcc = [] } = what.reply;
    write(conversation, {
      text: [text, draft.text].filter(Boolean).join("\n"),
      subject,
      cc: joined(cc, draft.cc),
      bcc: joined(bcc, draft.bcc),
    });
  });
}

/** Put the words of a message that was taken back into the field, before what was written since. */
export function writeAgain({ conversation_id, kind, text, reply_text }: Message): void {
  const words = reply_text ?? text;
  if (kind !== "text" || words === null) return;
  write(conversation_id, { text: [words, draftOf(conversation_id).text].filter(Boolean).join("\n") });
}

/** What of a message is quoted above the field. */
export function quoteOf(message: Message): string {
  return previewOf(message);
}

function go(conversation: Conversation, what: Pending["what"], content: Parameters<typeof drawn>[4]): void {
  const key = crypto.randomUUID();
  const { id, channel, customer } = conversation;
  const time = new Date().toISOString();
  void send({
    key,
    conversation: id,
    what,
    shown: drawn(key, { conversation: id, channel, customer }, author(), time, content),
    after: newest(inbox.peek().messages[id] ?? []),
    failure: null,
  });
}

function author(): Author {
  const user = me.peek()?.user ?? null;
  return { id: user?.id ?? null, name: user?.name ?? null };
}
