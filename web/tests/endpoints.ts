/** Made-up endpoints and deliveries for tests. */

import type { Attempt, Delivery, Endpoint } from "../src/model/endpoint";
import { at } from "./made";

export function madeEndpoint(change: Partial<Endpoint> = {}): Endpoint {
  return {
    id: "ep_1",
    url: "https://shop.example.org/hooks",
    description: "Shop",
    event_types: ["*"],
    channel_ids: null,
    label_ids: null,
    auth: { type: "none" },
    headers: {},
    schemes: [],
    public_key: null,
    secrets: [{ id: "sec_1", created_at: at(0), expires_at: null }],
    timeout_ms: 15_000,
    retry_seconds: [0, 5, 300],
    max_in_flight: 16,
    per_second: null,
    ordering: "none",
    mask_pii: "none",
    status: "enabled",
    disabled_reason: null,
    disabled_at: null,
    failing_since: null,
    warnings: 0,
    since_seq: 0,
    created_by: null,
    created_at: at(0),
    updated_at: at(0),
    deleted_at: null,
    ...change,
  };
}

export function madeDelivery(id: string, change: Partial<Delivery> = {}): Delivery {
  return {
    id,
    endpoint_id: "ep_1",
    kind: "event",
    event_id: `evt_${id}`,
    event_type: "message.created",
    seq: 1,
    previous_seq: null,
    conversation_id: null,
    conversation_sequence: null,
    status: "SUCCESS",
    attempts: 1,
    next_attempt_at: null,
    held_reason: null,
    response_status_code: 200,
    error_kind: null,
    error: null,
    last_attempt_at: at(1),
    finished_at: at(1),
    created_at: at(0),
    updated_at: at(1),
    ...change,
  };
}

export function madeAttempt(change: Partial<Attempt> = {}): Attempt {
  return {
    delivery_id: "dlv_1",
    number: 1,
    started_at: at(0),
    outcome: "success",
    status_code: 200,
    error_kind: null,
    error: null,
    address: "203.0.113.7",
    dns_ms: 10,
    connect_ms: 20,
    tls_ms: 30,
    first_byte_ms: 90,
    total_ms: 100,
    tls_version: "TLSv1.3",
    tls_expires_at: at(86_400),
    request: { url: "https://shop.example.org/hooks", headers: { "webhook-id": "evt_1" } },
    response: { status: 200, headers: {}, body: "ok" },
    ...change,
  };
}
