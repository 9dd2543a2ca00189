/** What the page asks the gateway about customers. */

import { get, post, send } from "../api";
import type {
  CustomerCard,
  CustomerImport,
  CustomerNote,
  CustomField,
  Duplicate,
  Identity,
  ImportPlan,
  ImportProblem,
  MergeResult,
  TimelineItem,
} from "../model/customer";
import { ChangedMeanwhile, changeSeen } from "../meanwhile";
import type { Conversation } from "../model/types";
import { cards, fields, keepCard, keepNotes } from "./known";

interface List<Item> {
  readonly data: readonly Item[];
  readonly next_cursor: string | null;
}

export type CardChange = Partial<
  Pick<CustomerCard, "name" | "business_name" | "customer_code" | "label_ids"> & {
    readonly status: "active" | "blocked";
    readonly custom_fields: Readonly<Record<string, string | number | boolean | null>>;
  }
>;

export async function readCard(id: string): Promise<CustomerCard> {
  return kept(await get<CustomerCard>(`/customers/${id}`));
}

export async function addCustomer(
  card: CardChange & { readonly identities: readonly Identity[] },
): Promise<CustomerCard> {
  return kept(await post<CustomerCard>("/customers", card));
}

/**
 * Change a card as it was seen; `wanted` makes the change to the card as it is.
 * Rejects with `ChangedMeanwhile` when somebody else changed the same; the card is then shown as they left it.
 */
export async function changeCard(
  seen: CustomerCard,
  wanted: (now: CustomerCard) => CardChange,
): Promise<CustomerCard> {
  try {
    return kept(await changeSeen<CustomerCard>(`/customers/${seen.id}`, seen, wanted));
  } catch (error) {
    if (error instanceof ChangedMeanwhile) keepCard((error as ChangedMeanwhile<CustomerCard>).now);
    throw error;
  }
}

export async function removeCustomer(id: string): Promise<void> {
  await send(`/customers/${id}`, { method: "DELETE" });
  const left = new Map(cards.peek());
  left.delete(id);
  cards.value = left;
}

export async function addIdentity(id: string, identity: Identity): Promise<CustomerCard> {
  return kept(await post<CustomerCard>(`/customers/${id}/identities`, identity));
}

export async function removeIdentity(id: string, { kind, value }: Identity): Promise<CustomerCard> {
  const query = new URLSearchParams({ kind, value }).toString();
  const answer = await send(`/customers/${id}/identities?${query}`, { method: "DELETE" });
  return kept((await answer.json()) as CustomerCard);
}

export async function readNotes(id: string): Promise<void> {
  keepNotes(id, (await get<List<CustomerNote>>(`/customers/${id}/notes?limit=200`)).data);
}

/** Add a note; asked for again under the same key, it is one note. */
export async function addNote(id: string, text: string, key: string): Promise<void> {
  const headers = { "Content-Type": "application/json", "Idempotency-Key": key };
  await send(`/customers/${id}/notes`, { method: "POST", headers, body: JSON.stringify({ text }) });
}

export function changeNote(id: string, text: string): Promise<CustomerNote> {
  return post<CustomerNote>(`/customer-notes/${id}`, { text }, "PATCH");
}

export async function removeNote(id: string): Promise<void> {
  await send(`/customer-notes/${id}`, { method: "DELETE" });
}

/** The workspace's own fields; read once, the log keeps them fresh. */
export async function readFields(): Promise<void> {
  fields.value ??= (await get<List<CustomField>>("/custom-fields")).data;
}

export async function findDuplicates(id: string): Promise<readonly Duplicate[]> {
  return (await get<{ readonly data: readonly Duplicate[] }>(`/customers/${id}/duplicates`)).data;
}

export async function findCustomers(text: string): Promise<readonly CustomerCard[]> {
  const query = new URLSearchParams({ q: text, in: "customers", limit: "10" }).toString();
  const found = await get<{
    readonly customers: { readonly data: readonly { readonly customer: CustomerCard }[] } | null;
  }>(`/search?${query}`);
  return found.customers?.data.map((hit) => hit.customer) ?? [];
}

export async function mergeCustomers(id: string, other: string): Promise<MergeResult> {
  return both(await post<MergeResult>(`/customers/${id}/merge`, { other }));
}

export async function undoMerge(id: string): Promise<MergeResult> {
  const answer = await send(`/merges/${id}/undo`, { method: "POST" });
  return both((await answer.json()) as MergeResult);
}

export function listTimeline(id: string, cursor: string | null): Promise<List<TimelineItem>> {
  const after = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
  return get<List<TimelineItem>>(`/customers/${id}/timeline?limit=30${after}`);
}

export async function listOfCustomer(id: string): Promise<readonly Conversation[]> {
  return (await get<List<Conversation>>(`/customers/${id}/conversations?limit=20`)).data;
}

export function listCustomers(filters: URLSearchParams, cursor: string | null): Promise<List<CustomerCard>> {
  const query = new URLSearchParams(filters);
  query.set("limit", "100");
  if (cursor !== null) query.set("cursor", cursor);
  return get<List<CustomerCard>>(`/customers?${query.toString()}`);
}

export async function uploadImport(file: File): Promise<CustomerImport> {
  const body = new FormData();
  body.set("file", file);
  const answer = await send("/customer-imports", { method: "POST", body });
  return (await answer.json()) as CustomerImport;
}

export function readImport(id: string): Promise<CustomerImport> {
  return get<CustomerImport>(`/customer-imports/${id}`);
}

export function beginImport(id: string, how: "check" | "start", plan: ImportPlan): Promise<CustomerImport> {
  return post<CustomerImport>(`/customer-imports/${id}/${how}`, plan);
}

export async function cancelImport(id: string): Promise<CustomerImport> {
  const answer = await send(`/customer-imports/${id}/cancel`, { method: "POST" });
  return (await answer.json()) as CustomerImport;
}

export async function importProblems(id: string): Promise<readonly ImportProblem[]> {
  return (await get<{ readonly data: readonly ImportProblem[] }>(`/customer-imports/${id}/problems?limit=20`))
    .data;
}

function kept(card: CustomerCard): CustomerCard {
  keepCard(card);
  return card;
}

function both(result: MergeResult): MergeResult {
  keepCard(result.customer);
  keepCard(result.merged);
  return result;
}
