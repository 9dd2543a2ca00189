/** An endpoint while somebody writes it: every value as it is typed, and what the gateway takes of it. */

import type { Auth, AuthType, Endpoint, Scheme } from "../model/endpoint";
import { EVERYTHING } from "./patterns";
import { readSchedule, writeSchedule } from "./schedule";

export interface Draft {
  readonly url: string;
  readonly description: string;
  readonly everything: boolean;
  /** What is chosen beside `everything`; kept when that is switched on and off again. */
  readonly eventTypes: readonly string[];
  readonly channelIds: readonly string[];
  readonly labelIds: readonly string[];
  readonly authType: AuthType;
  readonly username: string;
  readonly password: string;
  readonly token: string;
  readonly authHeaders: string;
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope: string;
  readonly schemes: readonly Scheme[];
  readonly secret: string;
  readonly headers: string;
  readonly timeout: string;
  readonly inFlight: string;
  readonly perSecond: string;
  readonly retries: string;
  readonly ordering: Endpoint["ordering"];
  readonly maskPii: Endpoint["mask_pii"];
}

type Body = Record<string, unknown>;

const SCHEDULE = [0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];

export const NEW: Draft = {
  url: "",
  description: "",
  everything: true,
  eventTypes: [],
  channelIds: [],
  labelIds: [],
  authType: "none",
  username: "",
  password: "",
  token: "",
  authHeaders: "",
  tokenUrl: "",
  clientId: "",
  clientSecret: "",
  scope: "",
  schemes: [],
  secret: "",
  headers: "",
  timeout: "15",
  inFlight: "16",
  perSecond: "",
  retries: writeSchedule(SCHEDULE),
  ordering: "none",
  maskPii: "none",
};

/** One that is there, to be changed. Secrets are not told; what is left empty of them stays. */
export function draftOf(of: Endpoint): Draft {
  const everything = of.event_types.includes(EVERYTHING);
  return {
    ...NEW,
    url: of.url,
    description: of.description,
    everything,
    eventTypes: everything ? [] : of.event_types,
    channelIds: of.channel_ids ?? [],
    labelIds: of.label_ids ?? [],
    authType: of.auth.type,
    username: of.auth.username ?? "",
    authHeaders: (of.auth.headers ?? []).map((name) => `${name}:`).join("\n"),
    tokenUrl: of.auth.token_url ?? "",
    clientId: of.auth.client_id ?? "",
    scope: of.auth.scope ?? "",
    schemes: of.schemes,
    headers: writeLines(of.headers),
    timeout: String(of.timeout_ms / 1000),
    inFlight: String(of.max_in_flight),
    perSecond: of.per_second === null ? "" : String(of.per_second),
    retries: writeSchedule(of.retry_seconds),
    ordering: of.ordering,
    maskPii: of.mask_pii,
  };
}

/** Which events it is to get. */
export function filterOf(draft: Draft): Body {
  return {
    event_types: draft.everything ? [EVERYTHING] : draft.eventTypes,
    channel_ids: draft.channelIds.length === 0 ? null : draft.channelIds,
    label_ids: draft.labelIds.length === 0 ? null : draft.labelIds,
  };
}

/** All of it, as the gateway takes it. What is no number goes as it is: the gateway says what is wrong with it. */
export function bodyOf(draft: Draft, kept: Auth | null = null): Body {
  return {
    url: draft.url.trim(),
    description: draft.description.trim(),
    ...filterOf(draft),
    auth: authOf(draft, kept),
    headers: readLines(draft.headers) ?? {},
    schemes: draft.schemes,
    ...(draft.secret.trim() === "" ? {} : { secret: draft.secret.trim() }),
    timeout_ms: numberOf(draft.timeout, 1000),
    retry_seconds: readSchedule(draft.retries) ?? [],
    max_in_flight: numberOf(draft.inFlight),
    per_second: draft.perSecond.trim() === "" ? null : numberOf(draft.perSecond),
    ordering: draft.ordering,
    mask_pii: draft.maskPii,
  };
}

/** What turns an endpoint into the draft; what is the same is left out. */
export function changesOf(of: Endpoint, draft: Draft): Body {
  const before = bodyOf(draftOf(of), of.auth);
  const after = bodyOf(draft, of.auth);
  const changed = Object.entries(after).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name]),
  );
  // Another server gets no stored secret: it takes the login anew, or says what is missing.
  const needed =
    "url" in Object.fromEntries(changed) && draft.authType !== "none" ? { auth: after["auth"] } : {};
  return { ...needed, ...Object.fromEntries(changed) };
}

/** "Name: value" lines; null: one of them is none. */
export function readLines(text: string): Readonly<Record<string, string>> | null {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const pairs = lines.map((line) => /^\s*([^\s:]+)\s*:(.*)$/u.exec(line));
  if (pairs.includes(null)) return null;
  return Object.fromEntries(pairs.map((pair) => [pair?.[1] ?? "", (pair?.[2] ?? "").trim()]));
}

function writeLines(headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n");
}

function authOf(draft: Draft, kept: Auth | null): Body {
  const type = draft.authType;
  const secret = (name: string, value: string) => (value === "" ? {} : { [name]: value });
  switch (type) {
    case "none":
      return { type };
    case "basic":
      return { type, username: draft.username, ...secret("password", draft.password) };
    case "bearer":
      return { type, ...secret("token", draft.token.trim()) };
    case "headers":
      return { type, headers: secretHeaders(readLines(draft.authHeaders) ?? {}, kept) };
    case "oauth2":
      return {
        type,
        token_url: draft.tokenUrl.trim(),
        client_id: draft.clientId,
        ...secret("client_secret", draft.clientSecret),
        scope: draft.scope.trim(),
      };
  }
}

// A name that has a value already keeps it when none is entered.
function secretHeaders(entered: Readonly<Record<string, string>>, kept: Auth | null): Body {
  const known = new Set(kept?.headers?.map((name) => name.toLowerCase()));
  return Object.fromEntries(
    Object.entries(entered).map(([name, value]) => [
      name,
      value === "" && known.has(name.toLowerCase()) ? null : value,
    ]),
  );
}

function numberOf(text: string, times = 1): unknown {
  const value = Number(text.replace(",", ".")) * times;
  return text.trim() === "" || Number.isNaN(value) ? text : value;
}
