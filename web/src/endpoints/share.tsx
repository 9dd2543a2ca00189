/** How much of what was attempted has succeeded. */

import { number } from "../ui/number";
import { words } from "../words";
import type { Bucket } from "./calls";

export interface Sums {
  readonly succeeded: number;
  readonly failed: number;
}

export function sums(buckets: readonly Bucket[]): Sums {
  return {
    succeeded: buckets.reduce((sum, one) => sum + one.succeeded, 0),
    failed: buckets.reduce((sum, one) => sum + one.failed, 0),
  };
}

/** A share in percent that is 100 only when all of it is. */
export function percent({ succeeded, failed }: Sums): string {
  const share = (100 * succeeded) / (succeeded + failed);
  if (failed > 0 && share > 99.9) return number(99.9, 1);
  return number(share, failed === 0 || succeeded === 0 ? 0 : 1);
}

export function DayShare({ of }: { readonly of: readonly Bucket[] }) {
  const all = sums(of);
  if (all.succeeded + all.failed === 0) return <>{words.endpoints.quiet}</>;
  return <>{words.endpoints.share(percent(all))}</>;
}
