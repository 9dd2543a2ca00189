/** Sizes in words. */

import { number } from "./number";

const UNITS = ["kB", "MB", "GB"] as const;

/** Bytes as "640 B", "12 kB", "3.4 MB". */
export function fileSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${number(value, value < 10 ? 1 : 0)} ${UNITS[unit] ?? ""}`;
}
