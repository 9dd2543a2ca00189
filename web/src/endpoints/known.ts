/** The endpoints: read when somebody opens their page, and kept fresh by the log from then on. */

import { signal } from "@preact/signals";
import { ApiError, get } from "../api";
import type { Endpoint, EndpointNews } from "../model/endpoint";
import type { LogEvent } from "../model/event";

interface Page {
  readonly data: readonly Endpoint[];
  readonly next_cursor: string | null;
}

/** null: not read yet. The oldest come first. */
export const endpoints = signal<readonly Endpoint[] | null>(null);
export const unreadable = signal(false);

/** Those that were removed: an answer that was on its way then must not bring them back. */
const gone = new Set<string>();

/** Read all of them. What is shown stays until the answer is there. */
export async function loadEndpoints(): Promise<void> {
  unreadable.value = false;
  try {
    const all: Endpoint[] = [];
    let cursor: string | null = null;
    do {
      const from: string = cursor === null ? "" : `?cursor=${encodeURIComponent(cursor)}`;
      const page: Page = await get<Page>(`/webhook-endpoints${from}`);
      all.push(...page.data);
      cursor = page.next_cursor;
    } while (cursor !== null);
    endpoints.value = all;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    unreadable.value = true;
  }
}

/** Keep one as it is now, unless a newer one is known. */
export function keepEndpoint(one: Endpoint): void {
  const known = endpoints.peek();
  if (known === null || gone.has(one.id)) return;
  const before = known.find(({ id }) => id === one.id);
  if (before !== undefined && before.updated_at > one.updated_at) return;
  if (one.deleted_at !== null) {
    gone.add(one.id);
    endpoints.value = known.filter(({ id }) => id !== one.id);
  } else if (before === undefined) endpoints.value = [...known, one];
  else endpoints.value = known.map((other) => (other.id === one.id ? one : other));
}

/** Fold log entries in: they tell the most important of an endpoint, the rest is read then. */
export function foldEndpoints(events: readonly LogEvent[]): void {
  if (endpoints.peek() === null) return;
  for (const event of events) if (event.type === "webhook_endpoint.updated") hear(event.data);
}

function hear(news: EndpointNews): void {
  const before = endpoints.peek()?.find(({ id }) => id === news.id);
  if (before !== undefined) keepEndpoint({ ...before, ...news });
  if (news.deleted_at === null) void read(news.id);
}

async function read(id: string): Promise<void> {
  try {
    keepEndpoint(await get<Endpoint>(`/webhook-endpoints/${id}`));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error; // what the log told stays
  }
}

/** Forget them: at the end of a session. */
export function forgetEndpoints(): void {
  endpoints.value = null;
  gone.clear();
}

export function endpointOf(id: string): Endpoint | null {
  return endpoints.value?.find((one) => one.id === id) ?? null;
}

/** What to call an endpoint: its description, or else where it is. */
export function endpointName(one: Endpoint): string {
  return one.description || withoutScheme(one.url);
}

/** Its address without what all of them begin with. */
export function withoutScheme(url: string): string {
  return url.replace(/^https?:\/\//u, "");
}
