/** Where the time of an attempt went. */

import type { Attempt } from "../model/endpoint";

export interface Part {
  readonly name: "dns" | "connect" | "tls" | "wait" | "rest";
  readonly ms: number;
}

/** The parts that there were, in order. The first byte is counted from the beginning, so what came before is taken off. */
export function partsOf(of: Attempt): readonly Part[] {
  const before = (of.dns_ms ?? 0) + (of.connect_ms ?? 0) + (of.tls_ms ?? 0);
  const wait = of.first_byte_ms === null ? null : Math.max(0, of.first_byte_ms - before);
  const known = before + (wait ?? 0);
  const parts: readonly { readonly name: Part["name"]; readonly ms: number | null }[] = [
    { name: "dns", ms: of.dns_ms },
    { name: "connect", ms: of.connect_ms },
    { name: "tls", ms: of.tls_ms },
    { name: "wait", ms: wait },
    { name: "rest", ms: Math.max(0, of.total_ms - known) },
  ];
  return parts.filter((part): part is Part => part.ms !== null);
}
