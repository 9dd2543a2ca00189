/** One conversation in the list. */

import { AlarmClock, Check, CircleAlert, CircleChevronUp } from "lucide";
import type { Conversation, LastMessage } from "../model/types";
import { may } from "../permissions";
import { previewOf, subjectOf } from "../preview";
import { openId, route, write } from "../route";
import { Avatar } from "../ui/avatar";
import { Icon } from "../ui/icon";
import { exact, now, relative } from "../ui/time";
import { LabelDot } from "../ui/label";
import { marked, within } from "../ui/plain";
import { words } from "../words";
import { isMe, label, memberName } from "../workspace";
import { ChannelGlyph } from "./channel";
import { open } from "./choice";
import { nameOf } from "./names";
import { usePress } from "./press";
import { extendTo, isSelected, toggle } from "./selection";
import "./row.css";

interface RowProps {
  readonly of: Conversation;
  readonly reachable: boolean;
}

const LABELS_SHOWN = 3;

export function Row({ of, reachable }: RowProps) {
  const name = nameOf(of.customer);
  const selected = isSelected(of.id);
  const [press, consumes] = usePress(of.id);
  return (
    <>
      {may("conversations.write") && (
        <button
          type="button"
          class="row-select"
          role="checkbox"
          aria-checked={selected}
          aria-label={words.bulk.select(within(name))}
          tabIndex={-1}
          onClick={(event) => {
            if (event.shiftKey) extendTo(of.id);
            else toggle(of.id);
          }}
        >
          {selected && <Icon of={Check} />}
        </button>
      )}
      <a
        class="row"
        data-selected={selected}
        href={write({ ...route.value, conversation: of.id })}
        data-id={of.id}
        data-unread={of.unread_count > 0}
        aria-current={openId.value === of.id ? "true" : undefined}
        tabIndex={reachable ? 0 : -1}
        {...press}
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey || consumes(event)) return;
          event.preventDefault();
          if (event.shiftKey) extendTo(of.id);
          else open(of.id);
        }}
      >
        <span class="row-face">
          <Avatar id={of.customer.id} name={name} />
          <ChannelGlyph kind={of.channel.kind} />
        </span>
        <span class="row-line">
          <span class="row-name" dir="auto">
            {name}
          </span>
          {(of.priority === "urgent" || of.priority === "high") && (
            <span class={`row-priority ${of.priority}`}>
              <Icon
                of={CircleChevronUp}
                size={14}
                label={words.filter.priorities[of.priority] ?? of.priority}
              />
            </span>
          )}
          <time class="row-time numbers" dateTime={of.last_message_at} title={exact(of.last_message_at)}>
            {relative(of.last_message_at, now.value)}
          </time>
        </span>
        <span class="row-line">
          <span class="row-preview" dir="auto">
            <Preview of={of} />
          </span>
          <Labels of={of} />
          <Mark of={of} />
          <Owner of={of} />
        </span>
      </a>
    </>
  );
}

function Labels({ of }: { readonly of: Conversation }) {
  const shown = (of.label_ids ?? []).map(label).filter((one) => one !== null);
  if (shown.length === 0) return null;
  return (
    <span class="row-labels" title={shown.map((one) => one.name).join(", ")}>
      {shown.slice(0, LABELS_SHOWN).map((one) => (
        <LabelDot key={one.id} of={one} />
      ))}
      <span class="unseen">{shown.map((one) => one.name).join(", ")}</span>
    </span>
  );
}

function Owner({ of }: { readonly of: Conversation }) {
  const id = of.assignee_id;
  if (!id) return null;
  const name = isMe(id) ? words.person.you(memberName(id)) : memberName(id);
  return (
    <span class="row-owner" title={words.list.assigned(name)}>
      <Avatar id={id} name={memberName(id)} />
      <span class="unseen">{words.list.assigned(name)}</span>
    </span>
  );
}

function Preview({ of }: { readonly of: Conversation }) {
  const last = of.last_message;
  const author = last === null ? null : authorOf(last);
  const subject = subjectOf(of);
  return (
    <>
      {author !== null && <span class="row-author">{author} </span>}
      {subject !== null && <span class="row-subject">{marked(subject)}</span>}
      {subject !== null && last !== null && " — "}
      {last !== null && <bdi>{previewOf(last)}</bdi>}
    </>
  );
}

// Whoever wrote last on our side; a customer is named above already.
function authorOf({ direction, author_id }: LastMessage): string | null {
  if (direction === "inbound") return null;
  return author_id && !isMe(author_id) ? words.list.by(memberName(author_id)) : words.list.you;
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
  if (of.status === "snoozed" && of.snoozed_until) {
    const until = words.list.snoozed(exact(of.snoozed_until));
    return (
      <span class="row-snoozed" title={until}>
        <Icon of={AlarmClock} size={14} label={until} />
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
