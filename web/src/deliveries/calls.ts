/** What the pages on deliveries ask of the gateway. */

import { get, send } from "../api";
import type { Attempt, Delivery, DeliveryInFull } from "../model/endpoint";

export function readDelivery(id: string): Promise<DeliveryInFull> {
  return get(`/deliveries/${encodeURIComponent(id)}`);
}

/** All that were made, the newest first. */
export async function listAttempts(id: string): Promise<readonly Attempt[]> {
  const found = await get<{ readonly data: readonly Attempt[] }>(
    `/deliveries/${encodeURIComponent(id)}/attempts`,
  );
  return [...found.data].sort((a, b) => b.number - a.number);
}

export async function redeliver(id: string): Promise<Delivery> {
  const answer = await send(`/deliveries/${encodeURIComponent(id)}/redeliver`, { method: "POST" });
  return (await answer.json()) as Delivery;
}
