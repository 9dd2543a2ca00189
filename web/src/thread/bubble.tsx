/** One message of a phone channel. */

import { Reply as ReplyIcon } from "lucide";
import { capabilitiesOf } from "../composer/capabilities";
import { focusField } from "../composer/field";
import { mode } from "../composer/mode";
import { isNew } from "../composer/pending";
import { quote } from "../composer/quoting";
import type { Message } from "../model/types";
import { may } from "../permissions";
import { previewOf } from "../preview";
import { Icon } from "../ui/icon";
import { marked, plainName, within } from "../ui/plain";
import { words } from "../words";
import { Attachments } from "./attachments/attachments";
import { exact } from "../ui/time";
import { quoted } from "./quoted";
import { reactionsTo } from "./reactions";
import { Outcome } from "./status";

export function Bubble({ of }: { readonly of: Message }) {
  return (
    <article class={isNew(of) ? "message waiting" : "message"} data-message={of.id}>
      <div class={`bubble ${isBare(of) ? "bare" : ""} ${of.status === "failed" ? "failed" : ""}`}>
        <Quote of={of} />
        <Attachments of={of.attachments} />
        <Text of={of} />
        {of.edited_at && !of.deleted_at && <p class="edited">{words.message.edited}</p>}
        <QuoteButton of={of} />
      </div>
      <Reactions to={of} />
      <Outcome of={of} />
    </article>
  );
}

function Reactions({ to }: { readonly to: Message }) {
  const all = reactionsTo(to.id);
  if (all.length === 0) return null;
  return (
    <ul class="reactions">
      {all.map((one) => (
        <li key={one.id} title={exact(one.occurred_at)}>
          <span class="unseen">
            {words.message.reactedBy(within(plainName(one.from.name) ?? one.from.address))}{" "}
          </span>
          {one.text}
        </li>
      ))}
    </ul>
  );
}

/** Whether there is nothing but attachments, which have a frame of their own. */
function isBare(message: Message): boolean {
  return message.attachments.length > 0 && !message.text && quoted(message) === null;
}

function Text({ of }: { readonly of: Message }) {
  if (of.deleted_at) return <p class="text faint">{gone(of)}</p>;
  if (of.text)
    return (
      <p class="text" dir="auto">
        {linked(of.text)}
      </p>
    );
  if (of.attachments.length > 0) return null;
  return (
    <p class="text faint">
      {of.kind === "unsupported" ? words.message.unsupported : of.preview || words.message.noText}
    </p>
  );
}

/** What is said in place of a message that is not there any more. */
export function gone({ direction, status }: Message): string {
  const { deletedByCustomer, deletedByBusiness, takenBack } = words.message;
  if (status === "canceled") return takenBack;
  return direction === "inbound" ? deletedByCustomer : deletedByBusiness;
}

function Quote({ of }: { readonly of: Message }) {
  const earlier = quoted(of);
  if (earlier === null) return null;
  return (
    <blockquote class="quote">
      <span class="unseen">{words.message.replyTo} </span>
      <bdi>{previewOf(earlier)}</bdi>
    </blockquote>
  );
}

// Where the provider can show what is answered, and knows the message.
function QuoteButton({ of }: { readonly of: Message }) {
  const able = of.external_id !== null && !of.deleted_at && may("messages.send");
  if (!able || capabilitiesOf(of.provider)?.quotes !== true) return null;
  return (
    <button
      type="button"
      class="button quiet square bubble-quote"
      aria-label={words.composer.quote}
      title={words.composer.quote}
      onClick={() => {
        mode.value = "reply";
        quote(of);
        focusField();
      }}
    >
      <Icon of={ReplyIcon} size={14} />
    </button>
  );
}

const LINK = /(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]'])/u;

/** Text with its web addresses made into links that read as they lead; every other character stays text. */
export function linked(text: string) {
  return text.split(LINK).map((part, index) =>
    index % 2 === 0 ? (
      part
    ) : (
      <a key={index} class="link" href={part} target="_blank" rel="noopener noreferrer nofollow">
        {marked(part)}
      </a>
    ),
  );
}
