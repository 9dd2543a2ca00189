/** One conversation in the list. */

import { CircleAlert } from "lucide";
import type { Conversation } from "../model/types";
import { previewOf } from "../preview";
import { openId, route, write } from "../route";
import { Avatar } from "../ui/avatar";
import { Icon } from "../ui/icon";
import { exact, now, relative } from "../ui/time";
import { words } from "../words";
import { ChannelGlyph } from "./channel";
import { open } from "./choice";
import { nameOf } from "./names";
import "./row.css";

interface RowProps {
  readonly of: Conversation;
  readonly reachable: boolean;
}

export function Row({ of, reachable }: RowProps) {
  const name = nameOf(of.customer);
  return (
    <a
      class="row"
      href={write({ ...route.value, conversation: of.id })}
      data-id={of.id}
      data-unread={of.unread_count > 0}
      aria-current={openId.value === of.id ? "true" : undefined}
      tabIndex={reachable ? 0 : -1}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        open(of.id);
      }}
    >
      <span class="row-face">
        <Avatar id={of.customer.id} name={name} />
        <ChannelGlyph kind={of.channel.kind} />
      </span>
      <span class="row-line">
        <span class="row-name">{name}</span>
        <time class="row-time numbers" dateTime={of.last_message_at} title={exact(of.last_message_at)}>
          {relative(of.last_message_at, now.value)}
        </time>
      </span>
      <span class="row-line">
        <span class="row-preview">
          <Preview of={of} />
        </span>
        <Mark of={of} />
      </span>
    </a>
  );
}

function Preview({ of }: { readonly of: Conversation }) {
  const last = of.last_message;
  return (
    <>
      {last?.direction === "outbound" && <span class="row-author">{words.list.you} </span>}
      {of.subject !== null && <span class="row-subject">{of.subject}</span>}
      {of.subject !== null && last !== null && " — "}
      {last !== null && previewOf(last)}
    </>
  );
}

// Never colour alone: the failed mark has a shape, unread has weight and a dot or a number.
function Mark({ of }: { readonly of: Conversation }) {
  if (of.last_message?.direction === "outbound" && of.last_message.status === "failed") {
    return (
      <span class="row-failed">
        <Icon of={CircleAlert} size={14} label={words.list.failed} />
      </span>
    );
  }
  if (of.unread_count === 0) return null;
  return (
    <span class={of.unread_count === 1 ? "row-dot" : "row-count numbers"}>
      {of.unread_count > 1 && <span aria-hidden>{of.unread_count > 99 ? "99+" : of.unread_count}</span>}
      <span class="unseen">{words.list.unread(of.unread_count)}</span>
    </span>
  );
}
