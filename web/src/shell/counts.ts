/** How many conversations each view holds: counted by the gateway, asked again a little after something changed. */

import { effect, signal } from "@preact/signals";
import { ApiError, get } from "../api";
import { inbox, me } from "../store";

interface Count {
  readonly id: string;
  readonly count: number;
  readonly more: boolean;
}

const PAUSE = 3000;

const counts = signal<ReadonlyMap<string, Count>>(new Map());

/** "12", "99+", or nothing where there is nothing to count. */
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
      return;
    }
    timer ??= setTimeout(
      () => {
        timer = undefined;
        void read();
      },
      fresh ? 0 : PAUSE,
    );
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
  try {
    const { data } = await get<{ readonly data: readonly Count[] }>("/views/counts");
    counts.value = new Map(data.map((one) => [one.id, one]));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
}
