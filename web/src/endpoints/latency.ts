/** Lengths of time as answers take them. */

import { took } from "../ui/time";

/** "43 ms", "1.2 s"; a dash where nothing was measured. */
export function inTime(milliseconds: number | null): string {
  return milliseconds === null ? "–" : took(milliseconds);
}
