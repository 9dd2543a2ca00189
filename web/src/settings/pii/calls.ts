/** What the page on personal data asks of the gateway. */

import { get, post, send } from "../../api";

export type PiiKind =
  "email" | "phone" | "postal_address" | "national_id" | "payment_card" | "iban" | "custom";
export type ReviewState = "open" | "confirmed" | "dismissed";

export interface PiiRule {
  readonly kind: Exclude<PiiKind, "custom">;
  readonly enabled: boolean;
  readonly countries: readonly string[] | null;
  readonly known_countries: readonly string[] | null;
}

export interface PiiPattern {
  readonly id: string;
  readonly name: string;
  readonly pattern: string;
  readonly enabled: boolean;
}

export interface PiiRules {
  readonly rules: readonly PiiRule[];
  readonly patterns: readonly PiiPattern[];
}

export interface Trial {
  readonly findings: readonly { readonly kind: PiiKind }[];
  readonly masked: string;
}

export interface PiiResult {
  readonly id: string;
  readonly kind: PiiKind;
  readonly detector: string;
  readonly conversation_id: string | null;
  readonly customer_id: string | null;
  readonly field: string;
  readonly confidence: number;
  readonly sample: string;
  readonly state: ReviewState;
  readonly created_at: string;
}

export interface ResultPage {
  readonly data: readonly PiiResult[];
  readonly next_cursor: string | null;
}

export function readRules(): Promise<PiiRules> {
  return get<PiiRules>("/pii/rules");
}

/** Switch a kind on or off, or say of which countries it is. */
export function setRule({ kind, enabled, countries }: PiiRule): Promise<PiiRules> {
  return post<PiiRules>("/pii/rules", { rules: [{ kind, enabled, countries }] }, "PATCH");
}

export function switchPattern(id: string, enabled: boolean): Promise<PiiPattern> {
  return post<PiiPattern>(`/pii/patterns/${id}`, { enabled }, "PATCH");
}

/** Look through a text, by one pattern or by all that is on. */
export function tryOut(text: string, pattern: string | null): Promise<Trial> {
  return post<Trial>("/pii/try", { text, pattern });
}

/** Have all of the log that is kept looked through once more. */
export async function scanAgain(): Promise<void> {
  await send("/pii/scan", { method: "POST" });
}

export function listResults(state: ReviewState, cursor: string | null): Promise<ResultPage> {
  const query = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
  return get<ResultPage>(`/pii/results?limit=50&state=${state}${query}`);
}

export function review(id: string, state: ReviewState): Promise<PiiResult> {
  return post<PiiResult>(`/pii/results/${id}`, { state }, "PATCH");
}
