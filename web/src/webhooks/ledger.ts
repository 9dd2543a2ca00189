/** The list of received webhooks that the address asks for. */

import { signal } from "@preact/signals";
import { ApiError, get } from "../api";
import { query } from "../route";
import { STATES, type Webhook } from "./types";

interface WebhookPage {
  readonly data: readonly Webhook[];
  readonly next_cursor: string | null;
}

export const list = signal<readonly Webhook[]>([]);
export const cursor = signal<string | null>(null);
export const state = signal<"loading" | "ready" | "failed">("loading");

let asked = 0;

/** Read the newest ones. What is shown stays until the answer is there. */
export async function load(): Promise<void> {
  await read(null);
}

/** Read one page more. */
export async function more(): Promise<void> {
  if (cursor.peek() !== null) await read(cursor.peek());
}

/** Look for newer ones, above what is there. */
export async function lookAgain(): Promise<void> {
  const before = asked;
  const page = await attempt(null);
  if (page === null || before !== asked) return; // a failure shows when somebody asks; the next look may succeed
  const known = new Map(page.data.map((one) => [one.id, one]));
  const newest = list.peek()[0]?.received_at ?? "";
  const fresh = page.data.filter((one) => one.received_at > newest);
  list.value = [...fresh, ...list.peek().map((one) => known.get(one.id) ?? one)];
}

export function put(changed: Webhook): void {
  list.value = list.peek().map((one) => (one.id === changed.id ? { ...one, ...changed } : one));
}

async function read(after: string | null): Promise<void> {
  const turn = (asked += 1);
  state.value = "loading";
  const page = await attempt(after);
  if (turn !== asked) return; // other filters were chosen meanwhile
  if (page === null) {
    state.value = "failed";
    return;
  }
  list.value = after === null ? page.data : [...list.peek(), ...page.data];
  cursor.value = page.next_cursor;
  state.value = "ready";
}

async function attempt(after: string | null): Promise<WebhookPage | null> {
  try {
    return await get<WebhookPage>(`/webhooks?${parameters(after)}`);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return null;
  }
}

function parameters(after: string | null): string {
  const wanted = new URLSearchParams({ limit: "50" });
  for (const one of query.peek().getAll("state"))
    if (STATES.some((known) => known === one)) wanted.append("state", one);
  for (const name of ["provider", "connection"]) {
    const value = query.peek().get(name);
    if (value) wanted.set(name, value);
  }
  if (after !== null) wanted.set("cursor", after);
  return wanted.toString();
}
