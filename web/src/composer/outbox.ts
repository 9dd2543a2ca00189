/**
 * Sending: what is written shows at once, goes to the gateway, and gives way to what that made of it.
 *
 * What could not be sent stays, with its words, until somebody sends it again or throws it away; also through a
 * reload of the page. It is sent again under the same key, so that the gateway makes one message of it.
 */

import { computed, effect, signal } from "@preact/signals";
import { ApiError, send as request } from "../api";
import { addMessages } from "../model/inbox";
import type { Message } from "../model/types";
import { openId } from "../route";
import { change, inbox, me } from "../store";
import { words } from "../words";
import { stillPending, type Failure, type Pending } from "./pending";

const KEPT = "postgate.outbox";

const pendings = signal<readonly Pending[]>([]);

/** What is on its way in the open conversation. */
export const onTheirWay = computed<readonly Pending[]>(() => {
  const id = openId.value;
  const own = pendings.value.filter(({ conversation }) => conversation === id);
  return own.length === 0 ? own : stillPending(own, inbox.value.messages[id ?? ""] ?? []);
});

/** How often something was sent from here: the thread then goes to its end. */
export const sentCount = signal(0);

export function pendingOf(message: Message): Pending | null {
  return onTheirWay.value.find(({ shown }) => shown.id === message.id) ?? null;
}

/** Send; returns whether the gateway took it. Never rejects. */
export async function send(pending: Pending): Promise<boolean> {
  pendings.value = [...pendings.peek(), pending];
  sentCount.value += 1;
  return attempt(pending);
}

export async function sendAgain({ key }: Pending): Promise<void> {
  const known = pendings.peek().find((one) => one.key === key);
  if (known === undefined) return;
  const again = { ...known, failure: null };
  replace(again);
  await attempt(again);
}

/** Let go of what could not be sent. */
export function discard({ key }: Pending): void {
  pendings.value = pendings.peek().filter((one) => one.key !== key);
}

async function attempt(pending: Pending): Promise<boolean> {
  try {
    settle(pending, await post(pending));
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    replace({ ...pending, failure: failureOf(error) });
    return false;
  }
}

async function post({ conversation, key, what }: Pending): Promise<Message> {
  const place = `/conversations/${encodeURIComponent(conversation)}`;
  const path = "reply" in what ? `${place}/messages` : `${place}/notes`;
  const body = "reply" in what ? what.reply : what.note;
  const headers = { "Content-Type": "application/json", "Idempotency-Key": key };
  const answer = await request(path, { method: "POST", headers, body: JSON.stringify(body) });
  return (await answer.json()) as Message;
}

// Its entry in the log may have come first, and what became of it since: what is known is never older.
function settle(pending: Pending, message: Message): void {
  change((inbox) =>
    addMessages(inbox, pending.conversation, { data: [message], next_cursor: null, seq: -1 }),
  );
  discard(pending);
}

/** Whether the same may go well later: nothing was answered, or the gateway is busy or away. */
function failureOf(error: ApiError): Failure {
  if (error.status === 0) return { again: true, reason: words.composer.unreachable };
  const again = error.status === 429 || error.status >= 500 || error.status === 401;
  const faults = error.faults.map(({ detail }) => detail).filter((detail) => !error.message.includes(detail));
  return { again, reason: [error.message, ...faults].join(" ") };
}

function replace(next: Pending): void {
  pendings.value = pendings.peek().map((one) => (one.key === next.key ? next : one));
}

/** Keep what is not sent yet in this tab, for whoever is logged in; bring back what was kept before. */
export function keepOutbox(): () => void {
  let owner: string | null = null;
  return effect(() => {
    const user = me.value?.user?.id ?? null;
    const all = pendings.value; // read each time, so that each change is kept
    if (user === null) {
      owner = null; // what is kept waits for whoever comes back
      return;
    }
    if (owner !== user) {
      owner = user;
      pendings.value = recall(user);
      return;
    }
    store(user, all);
  });
}

// Whoever reloads the page in the middle of a request does not know how that ended: sending it again finds out.
function recall(user: string): readonly Pending[] {
  try {
    const kept = JSON.parse(sessionStorage.getItem(`${KEPT}.${user}`) ?? "[]") as readonly Pending[];
    return kept.map((one) => ({
      ...one,
      failure: one.failure ?? { again: true, reason: words.composer.interrupted },
    }));
  } catch {
    return []; // storage may be closed to us
  }
}

function store(user: string, all: readonly Pending[]): void {
  try {
    if (all.length === 0) sessionStorage.removeItem(`${KEPT}.${user}`);
    else sessionStorage.setItem(`${KEPT}.${user}`, JSON.stringify(all));
  } catch {
    return; // storage may be closed to us, or full: it then lasts as long as the page
  }
}

/** For tests and for whoever logs out: forget everything that is on its way. */
export function emptyOutbox(): void {
  pendings.value = [];
}
