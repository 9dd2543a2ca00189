/** What the pages on endpoints ask of the gateway. */

import { get, post, send } from "../api";
import type { Delivery, Endpoint } from "../model/endpoint";
import type { Timestamp } from "../model/types";

/** A type of events that there is. */
export interface EventType {
  readonly type: string;
  readonly description: string;
  /** false: it is no entry of the log, and sent only when it is asked for. */
  readonly subscribable: boolean;
}

/** An endpoint with the secret that is told this once. */
export interface EndpointWithSecret extends Endpoint {
  readonly secret: string;
}

export interface Rotated extends EndpointWithSecret {
  readonly probe: Delivery | null;
}

export interface Counted {
  readonly type: string;
  readonly count: number;
}

export interface DryRun {
  readonly examined: number;
  readonly matched: number;
  readonly types: readonly Counted[];
  readonly not_matching: readonly (Counted & { readonly reason: string })[];
  readonly examples: readonly {
    readonly id: string;
    readonly type: string;
    readonly seq: number;
    readonly timestamp: Timestamp;
  }[];
}

export interface Bucket {
  readonly minute: Timestamp;
  readonly succeeded: number;
  readonly failed: number;
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
}

export interface Health {
  readonly state: "healthy" | "failing" | "backing_off" | "disabled";
  readonly failures: number;
  readonly backoff_until: Timestamp | null;
  readonly cap: number;
  readonly pending: number;
  readonly oldest_due_at: Timestamp | null;
  readonly last_success_at: Timestamp | null;
  readonly last_failure_at: Timestamp | null;
  readonly disables_at: Timestamp | null;
  /** How many minutes each bucket is of. */
  readonly bucket_minutes: number;
  /** Without those in which nothing was attempted. */
  readonly minutes: readonly Bucket[];
}

export const VERDICTS = [
  "delivered",
  "waiting",
  "held",
  "failed",
  "not_matched",
  "before_endpoint",
  "not_dispatched_yet",
  "no_such_event",
] as const;

export interface Why {
  readonly verdict: (typeof VERDICTS)[number];
  readonly reason: string;
  readonly delivery: Delivery | null;
  readonly next_step: string;
}

export interface Recovery {
  readonly id: string;
  readonly endpoint_id: string;
  readonly kind: "recover" | "replay";
  readonly status: "running" | "done" | "canceled";
  readonly since: Timestamp | null;
  /** Of a replay: the part of the log that is read. */
  readonly from_seq: number | null;
  readonly to_seq: number | null;
  readonly progress: { readonly seen: number; readonly total: number; readonly queued: number };
  readonly created_at: Timestamp;
}

/** An endpoint and the tag that a change of it is to name. */
export interface Tagged {
  readonly endpoint: Endpoint;
  readonly tag: string;
}

const BASE = "/webhook-endpoints";

let catalogue: Promise<readonly EventType[]> | null = null;

/** The catalogue, which is long and stays the same: it is read once, unless that fails. */
export function listEventTypes(): Promise<readonly EventType[]> {
  catalogue ??= get<{ readonly data: readonly EventType[] }>("/event-types").then(
    ({ data }) => data,
    (error: unknown) => {
      catalogue = null;
      throw error;
    },
  );
  return catalogue;
}

export async function readEndpoint(id: string): Promise<Tagged> {
  const answer = await send(`${BASE}/${id}`, {});
  return { endpoint: (await answer.json()) as Endpoint, tag: answer.headers.get("ETag") ?? "*" };
}

export function createEndpoint(body: unknown): Promise<EndpointWithSecret> {
  return post(BASE, body);
}

/** Change one; with a tag only if it is still what was read under that. */
export async function changeEndpoint(id: string, body: unknown, tag?: string): Promise<Endpoint> {
  const headers = { "Content-Type": "application/json", ...(tag === undefined ? {} : { "If-Match": tag }) };
  const answer = await send(`${BASE}/${id}`, { method: "PATCH", headers, body: JSON.stringify(body) });
  return (await answer.json()) as Endpoint;
}

export async function deleteEndpoint(id: string): Promise<void> {
  await send(`${BASE}/${id}`, { method: "DELETE" });
}

export function rotateSecret(id: string, body: unknown): Promise<Rotated> {
  return post(`${BASE}/${id}/rotate-secret`, body);
}

export async function sendPing(id: string): Promise<Delivery> {
  return (await (await send(`${BASE}/${id}/ping`, { method: "POST" })).json()) as Delivery;
}

/** What a filter would have let through. */
export function dryRun(filter: unknown): Promise<DryRun> {
  return post(`${BASE}/dry-run`, filter);
}

export function readHealth(id: string, hours: number): Promise<Health> {
  return get(`${BASE}/${id}/health?hours=${hours}`);
}

/** Ask by the id of an event, or by its place in the log. */
export function askWhy(id: string, event: string): Promise<Why> {
  const by = /^\d+$/u.test(event) ? "seq" : "event_id";
  return get(`${BASE}/${id}/why?${new URLSearchParams({ [by]: event }).toString()}`);
}

export function recover(id: string, body: unknown): Promise<Recovery> {
  return post(`${BASE}/${id}/recover`, body);
}

export function replay(id: string, body: unknown): Promise<Recovery> {
  return post(`${BASE}/${id}/replay`, body);
}

export async function listRecoveries(endpoint: string): Promise<readonly Recovery[]> {
  const found = await get<{ readonly data: readonly Recovery[] }>(`/recoveries?endpoint_id=${endpoint}`);
  return found.data;
}

export async function steerRecovery(id: string, how: "cancel" | "resume"): Promise<Recovery> {
  return (await (await send(`/recoveries/${id}/${how}`, { method: "POST" })).json()) as Recovery;
}
