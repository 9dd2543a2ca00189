/** What the page on retention asks of the gateway. */

import { get, post } from "../../api";

export const KINDS = ["webhooks", "deliveries", "events", "conversations", "attachments", "notes"] as const;
export type Kind = (typeof KINDS)[number];

export interface Kept {
  readonly days: number | null;
  readonly own_days: number | null;
  readonly default_days: number | null;
  readonly amount: number;
  readonly oldest: string | null;
  readonly held: number;
  /** Ids of some that would go. */
  readonly examples: readonly string[];
}

export type Retention = Readonly<Record<Kind, Kept>>;
export type Days = Readonly<Record<Kind, number | null>>;

/** The fewest days that each kind can be kept for. */
export const LEAST: Readonly<Record<Kind, number>> = {
  webhooks: 7,
  deliveries: 7,
  events: 7,
  conversations: 30,
  attachments: 7,
  notes: 7,
};
export const MOST = 3650;

export function readRetention(): Promise<Retention> {
  return get<Retention>("/retention");
}

/** Say how long things are kept; with `dry` only what that would mean is told. */
export function setRetention(days: Days, dry: boolean): Promise<Retention> {
  const body = Object.fromEntries(KINDS.map((kind) => [`${kind}_days`, days[kind]]));
  return post<Retention>(`/retention${dry ? "?dry_run=true" : ""}`, body, "PUT");
}
