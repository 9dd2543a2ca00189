/** Lengths of time as answers take them. */

import { number } from "../ui/number";
import { duration } from "../ui/time";

/** "43 ms", "1.2 s"; a dash where nothing was measured. */
export function inTime(milliseconds: number | null): string {
  if (milliseconds === null) return "–";
  return milliseconds < 1000 ? `${number(Math.round(milliseconds))} ms` : duration(milliseconds);
}
