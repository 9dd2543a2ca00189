/** What a screen reader hears of live messages: one calm sentence at a time. */

import { signal } from "@preact/signals";
import type { LogEvent } from "../model/event";
import type { Customer } from "../model/types";
import { plainName } from "../ui/plain";
import { words } from "../words";

const PAUSE = 2000;

/** The sentence in the polite live region. */
export const announcement = signal("");

let waiting: string[] = [];
let timer: ReturnType<typeof setTimeout> | undefined;

/** Say who wrote. What arrives within two seconds is said together. */
export function announce(events: readonly LogEvent[], customerOf: (id: string) => Customer | null): void {
  for (const event of events) {
    if (event.type !== "message.created" || event.data.direction !== "inbound") continue;
    const customer = customerOf(event.data.conversation_id);
    waiting.push(plainName(customer?.name) ?? plainName(event.data.from.name) ?? event.data.from.address);
  }
  if (waiting.length > 0) timer ??= setTimeout(speak, PAUSE);
}

function speak(): void {
  const names = new Set(waiting);
  const [only] = names;
  announcement.value =
    names.size === 1 && waiting.length === 1 && only !== undefined
      ? words.live.one(only)
      : words.live.many(waiting.length);
  waiting = [];
  timer = undefined;
}
