/** How many conversations each view holds: counted by the gateway, asked again a little after something changed. */

import { effect, signal } from "@preact/signals";
import { ApiError, get } from "../api";
import { inbox, me } from "../store";

interface Count {
  readonly id: string;
  readonly count: number;
  readonly more: boolean;
}

const SOON = 200;
const PAUSE = 3000;

let askedAt = -Infinity;

const counts = signal<ReadonlyMap<string, Count>>(new Map());

/** "12", "99+", or nothing where there is nothing to count; "unread" counts what is open and has not been read. */
export function countOf(view: string): string {
  const known = counts.value.get(view);
  return known === undefined || known.count === 0 ? "" : `${known.count}${known.more ? "+" : ""}`;
}

/** Keep the counts current while somebody is logged in; returns what stops it. */
export function watchCounts(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let fresh = true;
  const stop = effect(() => {
    const seq = inbox.value.seq;
    if (me.value === null || seq < 0) {
      fresh = true;
      counts.value = new Map();
      return;
    }
    // The first change after a quiet while shows at once; in busy times the gateway is not asked all the time.
    const wait = fresh ? 0 : Math.max(SOON, askedAt + PAUSE - performance.now());
    timer ??= setTimeout(() => {
      timer = undefined;
      void read();
    }, wait);
    fresh = false;
  });
  return () => {
    stop();
    clearTimeout(timer);
  };
}

// Without an answer the counts stay as they were: the next change asks again.
async function read(): Promise<void> {
  if (me.peek() === null) return;
  askedAt = performance.now();
  try {
    const { data } = await get<{ readonly data: readonly Count[] }>("/views/counts");
    counts.value = new Map(data.map((one) => [one.id, one]));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
}
