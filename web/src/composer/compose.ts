/** From what was written to what is sent. */

import { batch } from "@preact/signals";
import { previewOf } from "../preview";
import { inbox, me } from "../store";
import { activeMembers } from "../workspace";
import type { Conversation, Message } from "../model/types";
import { draftOf, write } from "./drafts";
import { attachments, detachAll, filesOf } from "./files";
import { discard, send } from "./outbox";
import { drawn, newest, type Author, type Pending, type Reply, type TemplateFilled } from "./pending";
import { quoting, unquote } from "./quoting";
import { mentionedIn } from "./suggest";

/** Whether there is something to send and nothing in its way. */
export function isReady(conversation: Conversation, mode: "reply" | "note"): boolean {
  const draft = draftOf(conversation.id);
  if (mode === "note") return draft.note.trim() !== "";
  const files = filesOf(conversation.id);
  if (files.some(({ id }) => id === null)) return false;
  return draft.text.trim() !== "" || files.length > 0;
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
    ...(draft.subject === null || conversation.channel.kind !== "email" ? {} : { subject: draft.subject }),
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
    write(id, { text: "", subject: null });
    detachAll(id);
    unquote();
  });
}

export function sendTemplate(conversation: Conversation, template: TemplateFilled, text: string): void {
  go(conversation, { reply: { template } }, { text, kind: "template" });
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
  const [field, text] =
    "reply" in what ? (["text", what.reply.text ?? ""] as const) : (["note", what.note.text] as const);
  batch(() => {
    discard(pending);
    write(conversation, { [field]: [text, draft[field]].filter(Boolean).join("\n") });
  });
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
