/** What there is to say of a delivery in one line. */

import type { Attempt, Delivery } from "../model/endpoint";
import { exact } from "../ui/time";
import { words } from "../words";

/** The last answer, what went wrong, or what it waits for. */
export function inShort(of: Delivery): string {
  const last = of.attempts === 0 ? null : outcomeOf(of.response_status_code, of.error_kind, of.error);
  if (of.next_attempt_at === null) return last ?? "";
  return [waitingFor(of), last].filter((part) => part !== null).join(" · ");
}

export function outcomeOf(status: number | null, kind: string | null, error: string | null): string {
  if (kind === null || kind === "status") {
    return status === null ? words.deliveries.notAnswered : words.deliveries.answered(String(status));
  }
  return words.deliveries.kinds[kind] ?? error ?? kind;
}

export function attemptInShort(of: Attempt): string {
  return outcomeOf(of.status_code, of.error_kind, of.error);
}

/** Why it is not sent now, and when it is. */
export function waitingFor(of: Delivery): string | null {
  if (of.next_attempt_at === null) return null;
  if (of.held_reason === null) return words.deliveries.nextNow;
  if (of.held_reason === "waiting_to_retry") return words.deliveries.nextAt(exact(of.next_attempt_at));
  return words.deliveries.held[of.held_reason] ?? of.held_reason;
}
