/** How a delivery stands, in a word. */

import type { Delivery, DeliveryStatus } from "../model/endpoint";
import { Badge } from "../settings/badge";
import { words } from "../words";

const KINDS: Readonly<Record<DeliveryStatus, string>> = {
  PENDING: "waiting",
  RETRYING: "waiting",
  SUCCESS: "active",
  FAILED: "error",
};

export function StatusBadge({ of }: { readonly of: Delivery }) {
  return <Badge kind={KINDS[of.status]}>{words.deliveries.statuses[of.status]}</Badge>;
}
