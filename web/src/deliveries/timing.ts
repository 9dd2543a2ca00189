/** Where the time of an attempt went. */

import type { Attempt } from "../model/endpoint";

export interface Part {
  readonly name: "dns" | "connect" | "tls" | "wait" | "rest";
  readonly ms: number;
}

/** Less is not worth telling, in milliseconds. */
const LEAST = 0.5;

/**
 * The parts that there were, in order. The first byte is counted from the beginning, so what came before is taken off;
 * who connected and got no answer has waited for it until the end.
 */
export function partsOf(of: Attempt): readonly Part[] {
  const before = (of.dns_ms ?? 0) + (of.connect_ms ?? 0) + (of.tls_ms ?? 0);
  const left = Math.max(0, of.total_ms - before);
  const waited = of.connect_ms === null ? null : left;
  const wait = of.first_byte_ms === null ? waited : Math.min(left, Math.max(0, of.first_byte_ms - before));
  const parts: readonly { readonly name: Part["name"]; readonly ms: number | null }[] = [
    { name: "dns", ms: of.dns_ms },
    { name: "connect", ms: of.connect_ms },
    { name: "tls", ms: of.tls_ms },
    { name: "wait", ms: wait },
    { name: "rest", ms: left - (wait ?? 0) < LEAST ? null : left - (wait ?? 0) },
  ];
  return parts.filter((part): part is Part => part.ms !== null);
}
