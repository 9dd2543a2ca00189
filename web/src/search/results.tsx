/** What was found, in groups. */

import { Lock } from "lucide";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { ChannelGlyph } from "../list/channel";
import { formatAddress, nameOf } from "../list/names";
import type { Conversation } from "../model/types";
import { Avatar } from "../ui/avatar";
import { Icon } from "../ui/icon";
import { marked, plainName } from "../ui/plain";
import { exact, now, relative } from "../ui/time";
import { words } from "../words";
import { memberName } from "../workspace";
import {
  KINDS,
  type ConversationHit,
  type CustomerHit,
  type Found,
  type Kind,
  type MessageHit,
  type Part,
} from "./find";
import { choose, chosenId, follow, moreId, where } from "./searching";

export const LIST_ID = "search-results";

export function Results({ of }: { readonly of: Found }) {
  return (
    <div class="search-results" id={LIST_ID} role="listbox" aria-label={words.search.results}>
      {KINDS.map((kind) => (
        <Group key={kind} kind={kind} of={of} />
      ))}
    </div>
  );
}

function Group({ kind, of }: { readonly kind: Kind; readonly of: Found }) {
  const hits = of[kind];
  if (hits === null || (hits.data.length === 0 && hits.next_cursor === null)) return null;
  if (hits.data.length === 0 && where.value === "all") return null;
  return (
    <div role="group" aria-label={words.search.places[kind]}>
      <p class="search-title" role="presentation">
        {words.search.places[kind]}
      </p>
      {kind === "messages" && of.messages?.data.map((hit) => <Message key={hit.message.id} of={hit} />)}
      {kind === "customers" && of.customers?.data.map((hit) => <Customer key={hit.customer.id} of={hit} />)}
      {kind === "conversations" &&
        of.conversations?.data.map((hit) => <Subject key={hit.conversation.id} of={hit} />)}
      {hits.data.length === 0 && (
        <p class="search-none" role="presentation">
          {words.search.noneYet}
        </p>
      )}
      {hits.next_cursor !== null && (
        <Row id={moreId(kind)}>
          <span class="search-on">
            {hits.data.length === 0 ? words.search.older : words.search.more[kind]}
          </span>
        </Row>
      )}
    </div>
  );
}

interface RowProps {
  readonly id: string;
  readonly children: ComponentChildren;
}

function Row({ id, children }: RowProps) {
  const element = useRef<HTMLDivElement>(null);
  const chosen = chosenId.value === id;
  useEffect(() => {
    if (chosen) element.current?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  return (
    // The field keeps the focus and moves through the rows: they are no stops of their own.
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events -- Enter in the field does it
    <div
      ref={element}
      class="search-hit"
      id={`hit-${id}`}
      role="option"
      tabIndex={-1}
      aria-selected={chosen}
      onPointerMove={() => {
        choose(id);
      }}
      onClick={() => {
        follow(id);
      }}
    >
      {children}
    </div>
  );
}

function Hit({ id, face, children }: RowProps & { readonly face: ComponentChildren }) {
  return (
    <Row id={id}>
      <span class="row-face">{face}</span>
      <span class="search-lines">{children}</span>
    </Row>
  );
}

function Message({ of: { message, conversation, excerpt } }: { readonly of: MessageHit }) {
  const internal = message.direction === "internal";
  return (
    <Hit id={message.id} face={<Face of={conversation} />}>
      <Line name={nameOf(conversation.customer)} at={message.occurred_at} />
      <span class={internal ? "search-excerpt note" : "search-excerpt"}>
        {internal && (
          <span class="search-note">
            <Icon of={Lock} size={12} />
            {words.search.note}
            {message.author_id !== null && ` · ${memberName(message.author_id)}`}
          </span>
        )}
        {message.direction === "outbound" && <span class="search-author">{words.list.you} </span>}
        <Excerpt of={excerpt} />
      </span>
    </Hit>
  );
}

function Customer({ of: { customer, conversation_id, place, excerpt } }: { readonly of: CustomerHit }) {
  const address = customer.identities[0]?.value;
  const name =
    plainName(customer.name) ??
    plainName(customer.business_name) ??
    (address === undefined ? "?" : formatAddress(address));
  return (
    <Hit id={customer.id} face={<Avatar id={customer.id} name={name} />}>
      <span class="search-line">
        <span class="search-name" dir="auto">
          {place === "name" ? <Excerpt of={excerpt} /> : name}
        </span>
      </span>
      <span class="search-excerpt">
        {place === "name" ? address !== undefined && formatAddress(address) : <Excerpt of={excerpt} />}
        {conversation_id === null && ` · ${words.search.noConversation}`}
      </span>
    </Hit>
  );
}

function Subject({ of: { conversation, excerpt } }: { readonly of: ConversationHit }) {
  return (
    <Hit id={conversation.id} face={<Face of={conversation} />}>
      <Line name={nameOf(conversation.customer)} at={conversation.last_message_at} />
      <span class="search-excerpt">
        <Excerpt of={excerpt} />
      </span>
    </Hit>
  );
}

function Face({ of }: { readonly of: Conversation }) {
  return (
    <>
      <Avatar id={of.customer.id} name={nameOf(of.customer)} />
      <ChannelGlyph kind={of.channel.kind} />
    </>
  );
}

function Line({ name, at }: { readonly name: string; readonly at: string }) {
  return (
    <span class="search-line">
      <span class="search-name" dir="auto">
        {name}
      </span>
      <time class="row-time numbers" dateTime={at} title={exact(at)}>
        {relative(at, now.value)}
      </time>
    </span>
  );
}

function Excerpt({ of }: { readonly of: readonly Part[] }) {
  return (
    <>
      {of.map((part, index) => (
        // The pieces of one text never change places.
        <span key={index}>{part.hit ? <mark>{marked(part.text)}</mark> : marked(part.text)}</span>
      ))}
    </>
  );
}
