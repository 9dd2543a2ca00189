/** When a delivery is tried again: as somebody writes it, and in words. */

import { duration } from "../ui/time";
import { number } from "../ui/number";
import { words } from "../words";

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

type Unit = keyof typeof SECONDS;

/** "0s, 5s, 5m, 30m" as seconds; null: something in it is no length of time. */
export function readSchedule(text: string): readonly number[] | null {
  const parts = text.split(/[\s,;]+/u).filter((part) => part !== "");
  const lengths = parts.map(readLength);
  return lengths.includes(null) ? null : (lengths as number[]);
}

/** Seconds in the largest unit that needs no fraction. */
export function writeSchedule(seconds: readonly number[]): string {
  return seconds.map(writeLength).join(", ");
}

/** "At once, then after 5 s, 5 min: 3 attempts in 5 min" */
export function inWords(seconds: readonly number[]): string {
  const [first = 0, ...others] = seconds;
  const begin = first === 0 ? words.endpoints.atOnce : words.endpoints.after(whole(first));
  const then = others.length === 0 ? "" : words.endpoints.thenAfter(others.map(whole).join(", "));
  const all = seconds.reduce((sum, one) => sum + one, 0);
  return `${begin}${then}: ${words.endpoints.attemptsWithin(seconds.length, whole(all))}`;
}

/** A length of time, whole and short. */
export function length(seconds: number): string {
  if (seconds < 60) return words.time.seconds(number(seconds));
  return duration(seconds * 1000);
}

/** The same, never broken at the end of a line. */
function whole(seconds: number): string {
  return length(seconds).replaceAll(" ", "\u00a0");
}

function readLength(part: string): number | null {
  const [, digits, unit] = /^(\d{1,7})([smhd]?)$/u.exec(part) ?? [];
  if (digits === undefined) return null;
  return Number(digits) * SECONDS[(unit === "" ? "s" : unit) as Unit];
}

function writeLength(seconds: number): string {
  const units = Object.entries(SECONDS).reverse();
  const [unit, size] = units.find(([, size]) => seconds > 0 && seconds % size === 0) ?? ["s", 1];
  return `${seconds / size}${unit}`;
}
