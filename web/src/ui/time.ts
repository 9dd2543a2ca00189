/** Times in words. All take the present as an argument; `now` is the page's own clock. */

import { signal } from "@preact/signals";
import { locale, words } from "../words";
import { number } from "./number";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Milliseconds since the epoch, moved on every few seconds while somebody looks. */
export const now = signal(Date.now());

/** Keep `now` moving; returns what stops it. */
export function startClock(): () => void {
  const tick = () => {
    if (!document.hidden) now.value = Date.now();
  };
  const timer = setInterval(tick, 5 * SECOND);
  document.addEventListener("visibilitychange", tick);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", tick);
  };
}

/** Relative under a day, a date after it. */
export function relative(time: string, present: number): string {
  const then = Date.parse(time);
  const age = Math.max(0, present - then);
  if (age < MINUTE) return words.time.now;
  if (age < HOUR) return words.time.minutes(number(Math.floor(age / MINUTE)));
  if (age < DAY) return words.time.hours(number(Math.floor(age / HOUR)));
  return date(then, present);
}

/** The same in a sentence: "just now", "3 min ago", "21 Nov". */
export function ago(time: string, present: number): string {
  const age = present - Date.parse(time);
  if (age < MINUTE) return words.time.justNow;
  const short = relative(time, present);
  return age < DAY ? words.time.ago(short) : short;
}

/** "Today", "Yesterday", or a weekday with its date. */
export function dayLabel(time: string, present: number): string {
  const then = Date.parse(time);
  const days = Math.round((startOfDay(present) - startOfDay(then)) / DAY);
  if (days === 0) return words.time.today;
  if (days === 1) return words.time.yesterday;
  const year = sameYear(then, present) ? {} : ({ year: "numeric" } as const);
  // Put together here because formatters disagree about a comma after the weekday.
  const day = format(then, { day: "numeric", month: "long", ...year });
  return words.time.day(format(then, { weekday: "long" }), day);
}

/** The local day a time falls on, as a key. */
export function dayKey(time: string): string {
  return new Date(Date.parse(time)).toDateString();
}

/** Hours and minutes. */
export function clockTime(time: string): string {
  return format(Date.parse(time), { hour: "2-digit", minute: "2-digit" });
}

/** To the second, with the date: what a tooltip says. */
export function exact(time: string): string {
  return format(Date.parse(time), { dateStyle: "medium", timeStyle: "medium" });
}

/** To the minute, with the date. */
export function dateAndTime(time: string): string {
  return format(Date.parse(time), { dateStyle: "medium", timeStyle: "short" });
}

/** How long something took: "43 ms" under a second, else as `duration` says. */
export function took(milliseconds: number): string {
  const length = Math.max(0, Math.round(milliseconds));
  return length < SECOND ? `${number(length)} ms` : duration(length);
}

/** A length of time in its largest sensible unit: "0.4 s", "12 s", "3 min", "5 h", "2 d". */
export function duration(milliseconds: number): string {
  const length = Math.max(0, milliseconds);
  if (length < 9_950) return words.time.seconds(number(length / SECOND, 1));
  if (length < MINUTE) return words.time.seconds(number(Math.round(length / SECOND)));
  if (length < HOUR) return words.time.minutes(number(Math.floor(length / MINUTE)));
  if (length < 2 * DAY) return words.time.hours(number(Math.floor(length / HOUR)));
  return words.time.days(number(Math.floor(length / DAY)));
}

function date(then: number, present: number): string {
  const year = sameYear(then, present) ? {} : ({ year: "numeric" } as const);
  return format(then, { day: "numeric", month: "short", ...year });
}

function sameYear(a: number, b: number): boolean {
  return new Date(a).getFullYear() === new Date(b).getFullYear();
}

function startOfDay(time: number): number {
  return new Date(time).setHours(0, 0, 0, 0);
}

const formats = new Map<string, Intl.DateTimeFormat>();

// Making a formatter costs far more than using it, and lists use the same few.
function format(time: number, options: Intl.DateTimeFormatOptions): string {
  const key = locale.value + JSON.stringify(options);
  const known = formats.get(key) ?? new Intl.DateTimeFormat(locale.value, options);
  formats.set(key, known);
  return known.format(time);
}
