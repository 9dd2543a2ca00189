/** Endpoints, and what was delivered to them, as the gateway tells of them. */

import type { Timestamp } from "./types";

export const AUTH_TYPES = ["none", "basic", "bearer", "headers", "oauth2"] as const;
export const SCHEMES = ["v1a", "github", "stripe"] as const;

export type AuthType = (typeof AUTH_TYPES)[number];
export type Scheme = (typeof SCHEMES)[number];

/** How we prove to an endpoint who we are; its secrets are never told. */
export interface Auth {
  readonly type: AuthType;
  readonly username?: string;
  readonly token_url?: string;
  readonly client_id?: string;
  readonly scope?: string;
  /** The names only. */
  readonly headers?: readonly string[];
}

/** What may be told of a signing secret. */
export interface ShownSecret {
  readonly id: string;
  readonly created_at: Timestamp;
  /** null: it is the one that stays. */
  readonly expires_at: Timestamp | null;
}

/** What the log tells of an endpoint: not all of its URL, since many read the log. */
export interface EndpointNews {
  readonly id: string;
  readonly host: string;
  readonly description: string;
  readonly event_types: readonly string[];
  readonly status: Endpoint["status"];
  readonly disabled_reason: Endpoint["disabled_reason"];
  readonly disabled_at: string | null;
  readonly failing_since: string | null;
  readonly warnings: number;
  readonly created_at: string;
  readonly updated_at: string;
  readonly deleted_at: string | null;
}

export interface Endpoint {
  readonly id: string;
  readonly url: string;
  readonly description: string;
  readonly event_types: readonly string[];
  /** null: everything. */
  readonly channel_ids: readonly string[] | null;
  readonly label_ids: readonly string[] | null;
  readonly auth: Auth;
  readonly headers: Readonly<Record<string, string>>;
  readonly schemes: readonly Scheme[];
  readonly public_key: string | null;
  readonly secrets: readonly ShownSecret[];
  readonly timeout_ms: number;
  readonly retry_seconds: readonly number[];
  readonly max_in_flight: number;
  readonly per_second: number | null;
  readonly ordering: "none" | "conversation";
  readonly mask_pii: "none" | "detected";
  readonly status: "enabled" | "disabled";
  readonly disabled_reason: "member" | "gone" | "failing" | null;
  readonly disabled_at: Timestamp | null;
  readonly failing_since: Timestamp | null;
  readonly warnings: number;
  readonly since_seq: number;
  readonly created_by: string | null;
  readonly created_at: Timestamp;
  readonly updated_at: Timestamp;
  readonly deleted_at: Timestamp | null;
}

export const DELIVERY_STATUSES = ["PENDING", "RETRYING", "SUCCESS", "FAILED"] as const;

export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];
export type HeldReason =
  | "endpoint_deleted"
  | "endpoint_disabled"
  | "endpoint_backing_off"
  | "waiting_to_retry"
  | "earlier_of_its_conversation";

export interface Delivery {
  readonly id: string;
  readonly endpoint_id: string;
  readonly kind: "event" | "ping";
  readonly event_id: string;
  readonly event_type: string;
  readonly seq: number | null;
  readonly previous_seq: number | null;
  readonly conversation_id: string | null;
  readonly conversation_sequence: number | null;
  readonly status: DeliveryStatus;
  readonly attempts: number;
  readonly next_attempt_at: Timestamp | null;
  readonly held_reason: HeldReason | null;
  readonly response_status_code: number | null;
  readonly error_kind: string | null;
  readonly error: string | null;
  readonly last_attempt_at: Timestamp | null;
  readonly finished_at: Timestamp | null;
  readonly created_at: Timestamp;
  readonly updated_at: Timestamp;
}

/** With the body that is sent. */
export interface DeliveryInFull extends Delivery {
  readonly event: unknown;
}

type Headers = Readonly<Record<string, string>>;

export interface Attempt {
  readonly delivery_id: string;
  readonly number: number;
  readonly started_at: Timestamp;
  readonly outcome: "success" | "failure";
  readonly status_code: number | null;
  readonly error_kind: string | null;
  readonly error: string | null;
  readonly address: string | null;
  readonly dns_ms: number | null;
  readonly connect_ms: number | null;
  readonly tls_ms: number | null;
  /** Since the request was begun. */
  readonly first_byte_ms: number | null;
  readonly total_ms: number;
  readonly tls_version: string | null;
  readonly tls_expires_at: Timestamp | null;
  readonly request: { readonly url: string; readonly headers: Headers };
  /** null: nothing was answered. */
  readonly response: {
    readonly status: number;
    readonly headers: Headers | null;
    readonly body: string | null;
  } | null;
}
