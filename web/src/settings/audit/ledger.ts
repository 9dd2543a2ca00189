/** The audit that the address asks for: which rows, a page at a time. */

import { signal } from "@preact/signals";
import { ApiError, get } from "../../api";
import { query } from "../../route";

export const OPERATIONS = [
  "read",
  "search",
  "follow",
  "export",
  "create",
  "change",
  "remove",
  "import",
  "send",
  "replay",
] as const;
export type Operation = (typeof OPERATIONS)[number];

export interface Access {
  readonly id: string;
  readonly at: string;
  readonly actor: {
    readonly kind: "member" | "api_key" | "link" | "operator";
    readonly id: string | null;
    readonly name: string | null;
  };
  readonly operation: Operation;
  readonly action: string;
  readonly table: string;
  readonly record_ids: readonly string[];
  readonly first_seq: number | null;
  readonly last_seq: number | null;
  readonly contains_pii: boolean;
  readonly ip: string | null;
  readonly user_agent: string | null;
  readonly request_id: string | null;
}

interface AccessPage {
  readonly data: readonly Access[];
  readonly next_cursor: string | null;
}

export const list = signal<readonly Access[]>([]);
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

async function read(after: string | null): Promise<void> {
  const turn = (asked += 1);
  state.value = "loading";
  const wanted = parametersOf(query.peek());
  wanted.set("limit", "50");
  if (after !== null) wanted.set("cursor", after);
  try {
    const page = await get<AccessPage>(`/audit?${wanted.toString()}`);
    if (turn !== asked) return; // other filters were chosen meanwhile
    list.value = after === null ? page.data : [...list.peek(), ...page.data];
    cursor.value = page.next_cursor;
    state.value = "ready";
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (turn === asked) state.value = "failed";
  }
}

const RECORD = /^[a-z]{2,5}_[0-9a-f]{32}$/;

/** Whether this is written like an id, as the address of a page or the API shows it. */
export function isRecord(text: string): boolean {
  return RECORD.test(text);
}

/** What the gateway is asked by an address. Days are those of this computer's calendar, the last one included. */
export function parametersOf(of: URLSearchParams): URLSearchParams {
  const wanted = new URLSearchParams();
  for (const name of ["actor", "operation", "table"]) {
    const value = of.get(name);
    if (value) wanted.set(name, value);
  }
  const record = of.get("record") ?? "";
  if (isRecord(record)) wanted.set(record.startsWith("cus_") ? "customer" : "record", record);
  const since = dayOf(of.get("since"), 0);
  const until = dayOf(of.get("until"), 1);
  if (since !== null) wanted.set("since", since);
  if (until !== null) wanted.set("until", until);
  return wanted;
}

function dayOf(text: string | null, later: number): string | null {
  const [year, month, day] = (text ?? "").split("-").map(Number);
  if (year === undefined || month === undefined || day === undefined) return null;
  const moment = new Date(year, month - 1, day + later);
  return Number.isNaN(moment.getTime()) ? null : moment.toISOString();
}
