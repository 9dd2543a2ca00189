/** Received webhooks, as the gateway tells of them. */

import type { Timestamp } from "../model/types";

export const STATES = ["pending", "stored", "partial", "duplicate", "ignored", "quarantined"] as const;

export type WebhookState = (typeof STATES)[number];

export interface Webhook {
  readonly id: string;
  readonly provider: string;
  readonly received_at: Timestamp;
  readonly state: WebhookState;
  readonly counts: Readonly<Record<"received" | "stored" | "duplicate" | "ignored" | "quarantined", number>>;
  readonly error: { readonly code: string; readonly detail: string | null } | null;
  readonly body_size: number;
  readonly report_only: boolean;
}

/** An item that was not stored, and why. */
export interface Item {
  readonly state: "ignored" | "quarantined";
  readonly reason: string;
  readonly detail: string | null;
  readonly external_id: string | null;
}

export interface WebhookInFull extends Webhook {
  readonly connection_id: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body_base64: string;
  readonly items: readonly Item[];
}
