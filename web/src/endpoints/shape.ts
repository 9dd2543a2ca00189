/** What plots are drawn from: places and lengths, in the units of their picture. */

import type { Bucket } from "./calls";

const MINUTE = 60_000;

export type Places = readonly (Bucket | null)[];

export interface Bar {
  readonly good: number;
  readonly bad: number;
}

/** Buckets at their places in time, up to the present; null where nothing was attempted. */
export function timed(buckets: readonly Bucket[], size: number, hours: number, present: number): Places {
  const step = size * MINUTE;
  const end = Math.floor(present / step) + 1;
  const count = Math.max(1, Math.ceil((hours * 60) / size));
  const places: (Bucket | null)[] = Array.from({ length: count }, () => null);
  for (const one of buckets) {
    const place = Math.floor(Date.parse(one.minute) / step) - (end - count);
    if (place >= 0 && place < count) places[place] = one;
  }
  return places;
}

/** The most attempts of a bucket. */
export function busiest(buckets: Places): number {
  return Math.max(1, ...buckets.map((one) => (one === null ? 0 : one.succeeded + one.failed)));
}

/** The longest that 95 of 100 answers took, in milliseconds. */
export function slowest(buckets: Places): number {
  return Math.max(1, ...buckets.map((one) => one?.p95_ms ?? 0));
}

/** Heights of bars, the highest as high as the picture; whatever is there can be seen. */
export function heights(buckets: Places, height: number): readonly Bar[] {
  const most = busiest(buckets);
  const of = (count: number) => (count === 0 ? 0 : Math.max(2, (count / most) * (height - 2)));
  return buckets.map((one) => ({ good: of(one?.succeeded ?? 0), bad: of(one?.failed ?? 0) }));
}

/** A line through values, broken where there are none; a value that stands alone is a dash. */
export function path(
  values: readonly (number | null)[],
  most: number,
  width: number,
  height: number,
): string {
  const step = width / Math.max(1, values.length);
  const parts: string[] = [];
  let drawing = false;
  for (const [index, value] of values.entries()) {
    if (value === null) {
      drawing = false;
      continue;
    }
    const y = round(height - 1 - (value / most) * (height - 2));
    const x = index * step;
    parts.push(drawing ? `L${round(x)} ${y}` : `M${round(x)} ${y}`, `L${round(x + step)} ${y}`);
    drawing = true;
  }
  return parts.join("");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
