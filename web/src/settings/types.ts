/** What the gateway tells of providers and connections. */

import type { ChannelKind, Timestamp } from "../model/types";

/** A field of a JSON Schema, as far as forms need it. */
export interface Field {
  readonly title: string;
  readonly description: string;
  readonly type?: "string" | "integer" | "number" | "boolean" | "array" | "object";
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly writeOnly?: boolean;
}

export interface Schema {
  readonly properties: Readonly<Record<string, Field>>;
  readonly required: readonly string[];
}

export interface Provider {
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  readonly documentation: string;
  readonly kinds: readonly ChannelKind[];
  readonly credentials: Schema;
  readonly settings: Schema;
  readonly steps: readonly string[];
  readonly address: string;
  readonly notes: readonly string[];
}

export interface ChannelView {
  readonly id: string;
  readonly kind: ChannelKind;
  readonly address: string;
  readonly name: string;
}

/** Something that is wrong with a connection until it is mended. */
export interface StandingAlarm {
  readonly kind: "silence" | "login";
  readonly level: "warning" | "critical";
  readonly since: Timestamp;
  readonly expires_at: Timestamp | null;
}

export type Sensitivity = "off" | "low" | "normal" | "high";

export interface ConnectionView {
  readonly id: string;
  readonly provider: string;
  readonly name: string;
  readonly status: string;
  readonly error: string | null;
  readonly report_only: boolean;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly credentials_set: readonly string[];
  readonly hook_url: string | null;
  readonly steps: readonly string[];
  readonly channels: readonly ChannelView[];
  readonly silence: Sensitivity;
  readonly alarms: readonly StandingAlarm[];
  readonly last_webhook_at: Timestamp | null;
}

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly sentence: string;
  readonly hint: string | null;
}

export interface SelfTest {
  readonly ok: boolean;
  readonly checks: readonly Check[];
}

/** What somebody typed, by field. */
export type Typed = Readonly<Record<string, string>>;
