/** Asking the gateway for what holds some words. */

import { send } from "../api";
import type { Conversation, ConversationId, MessageId } from "../model/types";

export const KINDS = ["messages", "customers", "conversations"] as const;

export type Kind = (typeof KINDS)[number];
export type Where = "all" | Kind;

/** What narrows a search: parameters of the API, each with one value. */
export interface Narrowed {
  readonly channel?: string;
  readonly label?: string;
  readonly assignee?: string;
  readonly direction?: "inbound" | "outbound" | "internal";
  /** In days, counted back from now. */
  readonly days?: number;
}

export interface Asked {
  readonly text: string;
  readonly where: Where;
  readonly narrowed: Narrowed;
}

export interface Part {
  readonly text: string;
  readonly hit: boolean;
}

export interface MessageHit {
  readonly message: {
    readonly id: MessageId;
    readonly conversation_id: ConversationId;
    readonly direction: "inbound" | "outbound" | "internal";
    readonly author_id: string | null;
    readonly occurred_at: string;
  };
  readonly conversation: Conversation;
  readonly excerpt: readonly Part[];
}

export interface CustomerHit {
  readonly customer: {
    readonly id: string;
    readonly name: string | null;
    readonly business_name: string | null;
    readonly identities: readonly { readonly value: string }[];
  };
  readonly conversation_id: ConversationId | null;
  readonly place: "name" | "business_name" | "customer_code" | "identity";
  readonly excerpt: readonly Part[];
}

export interface ConversationHit {
  readonly conversation: Conversation;
  readonly excerpt: readonly Part[];
}

interface Hits<Hit> {
  readonly data: readonly Hit[];
  readonly next_cursor: string | null;
}

export interface Found {
  readonly messages: Hits<MessageHit> | null;
  readonly customers: Hits<CustomerHit> | null;
  readonly conversations: Hits<ConversationHit> | null;
}

export const NOTHING: Found = { messages: null, customers: null, conversations: null };

const OF_EACH = 5;
const OF_ONE = 20;
const DAY = 86_400_000;

/** Rejects with an `ApiError`, also when `signal` called it off. */
export async function find(asked: Asked, cursor: string | null, signal: AbortSignal): Promise<Found> {
  const response = await send(`/search?${parameters(asked, cursor).toString()}`, { signal });
  return (await response.json()) as Found;
}

export function parameters({ text, where, narrowed }: Asked, cursor: string | null): URLSearchParams {
  const { days, ...filters } = narrowed;
  const query = new URLSearchParams({
    q: text,
    in: where,
    limit: String(where === "all" ? OF_EACH : OF_ONE),
  });
  for (const [name, value] of Object.entries(filters)) query.set(name, value);
  // To the day, so that the pages of one search ask for the same.
  if (days !== undefined)
    query.set("after", new Date(Math.floor(Date.now() / DAY - days) * DAY).toISOString());
  if (cursor !== null) query.set("cursor", cursor);
  return query;
}

/** Put a further page behind what was found. */
export function joined(found: Found, more: Found): Found {
  return {
    messages: both(found.messages, more.messages),
    customers: both(found.customers, more.customers),
    conversations: both(found.conversations, more.conversations),
  };
}

function both<Hit>(known: Hits<Hit> | null, more: Hits<Hit> | null): Hits<Hit> | null {
  if (known === null || more === null) return more ?? known;
  return { data: [...known.data, ...more.data], next_cursor: more.next_cursor };
}

export function isEmpty(found: Found): boolean {
  return KINDS.every((kind) => (found[kind]?.data.length ?? 0) === 0);
}
