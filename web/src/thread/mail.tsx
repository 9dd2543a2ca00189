/** One mail: who, to whom, whether that is proven, and its body. */

import { Bot, ShieldCheck, ShieldQuestionMark } from "lucide";
import { useState } from "preact/hooks";
import type { Message, Party } from "../model/types";
import { Avatar } from "../ui/avatar";
import { Icon } from "../ui/icon";
import { plainName, within } from "../ui/plain";
import { Tooltip } from "../ui/tooltip";
import { words } from "../words";
import { Attachments } from "./attachments/attachments";
import { writerOf } from "./author";
import { gone, linked } from "./bubble";
import { MailBody } from "./mailbody";
import { conversation } from "./messages";
import { Meta } from "./meta";
import { Outcome } from "./status";
import "./mail.css";

export function MailCard({ of }: { readonly of: Message }) {
  const writer = writerOf(of);
  const sender = writer ?? plainName(of.from.name) ?? of.from.address;
  return (
    <article class={`mail ${of.direction}`} data-message={of.id}>
      <header class="mail-head">
        <Avatar id={writer === null ? face(of) : (of.author_id ?? "")} name={sender} />
        <div class="mail-who">
          <p class="mail-from">
            <strong dir="auto">{sender}</strong>
            {sender !== of.from.address && <span class="mail-address">{of.from.address}</span>}
            {of.direction === "inbound" && <Trust of={of.mail?.from_verified ?? null} />}
          </p>
          <p class="mail-to">{recipients(of)}</p>
        </div>
        <Meta of={of} />
      </header>
      {of.mail?.auto && (
        <p class="mail-note">
          <Icon of={Bot} size={14} />
          {words.message.automatic}
        </p>
      )}
      <Body of={of} sender={sender} />
      <Attachments of={of.attachments} />
      <Outcome of={of} />
    </article>
  );
}

function Body({ of, sender }: { readonly of: Message; readonly sender: string }) {
  if (of.deleted_at) return <p class="text faint">{gone(of)}</p>;
  return of.has_html ? <MailBody of={of} sender={sender} /> : <PlainBody of={of} />;
}

/** The text of a mail; what it quotes from earlier ones is folded away. */
export function PlainBody({ of }: { readonly of: Message }) {
  const [whole, setWhole] = useState(false);
  const text = of.text ?? "";
  const reply = of.reply_text ?? "";
  const folds = reply.trim() !== "" && reply.trim() !== text.trim();
  return (
    <div class="mail-text">
      <p class="text" dir="auto">
        {linked(folds && !whole ? reply : text || words.message.noText)}
      </p>
      {folds && (
        <QuoteFold
          of="quote"
          open={whole}
          onToggle={() => {
            setWhole(!whole);
          }}
        />
      )}
    </div>
  );
}

interface QuoteFoldProps {
  readonly of: "quote" | "signature";
  readonly open: boolean;
  readonly onToggle: () => void;
}

export function QuoteFold({ of, open, onToggle }: QuoteFoldProps) {
  const { quotedHide, quotedShow, signatureHide, signatureShow } = words.message;
  const label = of === "quote" ? [quotedShow, quotedHide] : [signatureShow, signatureHide];
  return (
    <button type="button" class="quote-fold" aria-expanded={open} onClick={onToggle}>
      {label[open ? 1 : 0]}
    </button>
  );
}

// The customer looks the same here as in the list.
function face(message: Message): string {
  const customer = conversation.value?.customer;
  return customer?.address === message.from.address ? customer.id : message.from.address;
}

function Trust({ of }: { readonly of: boolean | null }) {
  if (of === null) return null;
  if (of) {
    return (
      <span class="trust">
        <Icon of={ShieldCheck} size={14} label={words.message.verified} />
      </span>
    );
  }
  return (
    <Tooltip class="trust doubtful" tip={words.message.unverifiedWhy}>
      <Icon of={ShieldQuestionMark} size={14} label={words.message.unverified} />
    </Tooltip>
  );
}

function recipients(message: Message): string {
  const cc = (message.mail?.cc ?? []).map(partyName);
  const { bcc = [] }: { readonly bcc?: readonly string[] } = message.extra;
  return [
    `${words.message.to} ${message.to.join(", ")}`,
    ...(cc.length === 0 ? [] : [`${words.message.cc} ${cc.join(", ")}`]),
    ...(bcc.length === 0 ? [] : [`${words.message.bcc} ${bcc.join(", ")}`]),
  ].join(" · ");
}

function partyName(party: Party): string {
  return within(plainName(party.name) ?? party.address);
}
