/** One message of a phone channel. */

import type { Message } from "../model/types";
import { previewOf } from "../preview";
import { words } from "../words";
import { Attachments } from "./attachments/attachments";
import { exact } from "../ui/time";
import { quoted } from "./quoted";
import { reactionsTo } from "./reactions";

export function Bubble({ of }: { readonly of: Message }) {
  return (
    <article class="message" data-message={of.id}>
      <div class={`bubble ${isBare(of) ? "bare" : ""} ${of.status === "failed" ? "failed" : ""}`}>
        <Quote of={of} />
        <Attachments of={of.attachments} />
        <Text of={of} />
        {of.edited_at && !of.deleted_at && <p class="edited">{words.message.edited}</p>}
      </div>
      <Reactions to={of} />
      {of.status === "failed" && <Failure of={of} />}
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
          <span class="unseen">{words.message.reactedBy(one.from.name ?? one.from.address)} </span>
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
  if (of.deleted_at) {
    const { deletedByCustomer, deletedByBusiness } = words.message;
    return <p class="text faint">{of.direction === "inbound" ? deletedByCustomer : deletedByBusiness}</p>;
  }
  if (of.text) return <p class="text">{linked(of.text)}</p>;
  if (of.attachments.length > 0) return null;
  return (
    <p class="text faint">
      {of.kind === "unsupported" ? words.message.unsupported : of.preview || words.message.noText}
    </p>
  );
}

function Quote({ of }: { readonly of: Message }) {
  const earlier = quoted(of);
  if (earlier === null) return null;
  return (
    <blockquote class="quote">
      <span class="unseen">{words.message.replyTo} </span>
      {previewOf(earlier)}
    </blockquote>
  );
}

export function Failure({ of }: { readonly of: Message }) {
  return (
    <p class="failure">
      {words.message.failed(of.error?.message ?? words.message.noReason)}
      {of.error !== null && <span class="failure-code"> {words.message.code(of.error.code)}</span>}
    </p>
  );
}

const LINK = /(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]'])/u;

/** Text with its web addresses made into links; every other character stays text. */
export function linked(text: string) {
  return text.split(LINK).map((part, index) =>
    index % 2 === 0 ? (
      part
    ) : (
      <a key={index} class="link" href={part} target="_blank" rel="noopener noreferrer nofollow">
        {part}
      </a>
    ),
  );
}
