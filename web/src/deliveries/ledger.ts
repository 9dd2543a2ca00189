/** The list of deliveries that the address asks for, and those that have come since it was read. */

import { computed, signal } from "@preact/signals";
import { ApiError, get } from "../api";
import { DELIVERY_STATUSES, type Delivery } from "../model/endpoint";
import { query } from "../route";

interface DeliveryPage {
  readonly data: readonly Delivery[];
  readonly next_cursor: string | null;
}

export const SINCE = { hour: 3_600_000, day: 86_400_000, week: 604_800_000 } as const;

/** A choice beside the statuses: what waits for an endpoint that is disabled or backs off. */
export const HELD = "held";

/** What narrows the list. */
export const FILTERS = ["endpoint", "status", "type", "since", "q"] as const;

const PAGE = 50;

/** The newest first. */
export const list = signal<readonly Delivery[]>([]);
/** Newer ones that are not shown yet, so that nothing moves under somebody's eyes. */
export const fresh = signal<readonly Delivery[]>([]);
export const cursor = signal<string | null>(null);
export const state = signal<"loading" | "ready" | "failed">("loading");
/** Whether the last attempt to read further, or to look for newer ones, failed. */
export const stuck = signal(false);
export const narrowed = computed(() => FILTERS.some((name) => query.value.has(name)));

/** What the list was asked for with: a cursor holds for just that, and "the last hour" begins at another moment by now. */
let asked = "";
let turn = 0;
let reading = false;

/** Read the newest ones. What is shown stays until the answer is there. */
export async function load(): Promise<void> {
  const mine = (turn += 1);
  asked = parameters(query.peek(), Date.now());
  state.value = "loading";
  const page = await readOn(null, mine);
  if (mine !== turn) return; // other filters were chosen meanwhile
  fresh.value = [];
  list.value = page?.data ?? [];
  cursor.value = page?.next_cursor ?? null;
  state.value = page === null ? "failed" : "ready";
}

/** Read one page more. */
export async function more(): Promise<void> {
  const after = cursor.peek();
  if (after === null || reading) return;
  const mine = turn;
  reading = true;
  const page = await readOn(after, mine);
  reading = false;
  if (mine !== turn) return;
  stuck.value = page === null;
  if (page === null) return;
  const known = new Set(list.peek().map((one) => one.id));
  list.value = [...list.peek(), ...page.data.filter((one) => !known.has(one.id))];
  cursor.value = page.next_cursor;
}

/** Look at the newest ones again: what is known changes where it is; newer ones come on top, unless they are to wait. */
export async function lookAgain(hold: boolean): Promise<void> {
  if (state.peek() !== "ready") return;
  const mine = turn;
  const page = await attempt(null);
  if (mine !== turn) return;
  stuck.value = page === null;
  if (page === null) return; // the next look may succeed
  const now = new Map(page.data.map((one) => [one.id, one]));
  const known = new Set(list.peek().map((one) => one.id));
  const newer = page.data.filter((one) => !known.has(one.id) && isNewer(one));
  list.value = list.peek().map((one) => now.get(one.id) ?? one);
  const [last] = page.data.slice(-1);
  // More came than a page holds: there would be a hole between these and what is shown.
  if (
    last !== undefined &&
    newer.length === page.data.length &&
    page.next_cursor !== null &&
    known.size > 0
  ) {
    if (hold) fresh.value = newer;
    else await load();
    return;
  }
  fresh.value = newer;
  if (!hold) showFresh();
}

/** Put the newer ones on top. */
export function showFresh(): void {
  const newer = fresh.peek();
  if (newer.length >= PAGE) {
    void load();
    return;
  }
  list.value = [...newer, ...list.peek()];
  fresh.value = [];
}

/** Keep one as it is now. */
export function put(changed: Delivery): void {
  list.value = list.peek().map((one) => (one.id === changed.id ? { ...one, ...changed } : one));
}

// Ids grow with time.
function isNewer(one: Delivery): boolean {
  const [newest] = list.peek();
  return newest === undefined || one.id > newest.id;
}

/** A page may be empty although there is more behind it: where little passes the filters. */
async function readOn(after: string | null, mine: number): Promise<DeliveryPage | null> {
  let page = await attempt(after);
  while (mine === turn && page?.data.length === 0 && page.next_cursor !== null) {
    page = await attempt(page.next_cursor);
  }
  return page;
}

async function attempt(after: string | null): Promise<DeliveryPage | null> {
  try {
    const cursor = after === null ? "" : `&${new URLSearchParams({ cursor: after }).toString()}`;
    return await get<DeliveryPage>(`/deliveries?${asked}${cursor}`);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return null;
  }
}

/** What the address asks for, as the gateway takes it. */
export function parameters(wanted: URLSearchParams, present: number): string {
  const taken = new URLSearchParams({ limit: String(PAGE) });
  const take = (name: string, value: string | null) => {
    if (value) taken.set(name, value);
  };
  take("endpoint_id", wanted.get("endpoint"));
  take("status", DELIVERY_STATUSES.find((one) => one === wanted.get("status")) ?? null);
  take("held", wanted.get("status") === HELD ? "true" : null);
  take("event_type", wanted.get("type"));
  take("q", wanted.get("q"));
  const since = wanted.get("since") ?? "";
  if (isSpan(since)) take("since", new Date(present - SINCE[since]).toISOString());
  return taken.toString();
}

function isSpan(text: string): text is keyof typeof SINCE {
  return text in SINCE;
}
