/** Who is at their page, who looks at the open conversation, and who writes there. Told live, kept by nobody. */

import { computed, effect, signal } from "@preact/signals";
import type { Told } from "../live";
import type { ConversationId } from "../model/types";
import { openId } from "../route";
import { now } from "../ui/time";
import { isMe } from "../workspace";

interface Viewers {
  readonly of: ConversationId;
  readonly users: readonly string[];
}

interface Writer {
  readonly of: ConversationId;
  readonly user: string;
  readonly at: number;
}

interface OnlineTold {
  readonly agents: readonly { readonly user_id: string }[];
}

interface PresenceTold {
  readonly viewers: readonly { readonly user_id: string | null }[];
}

type Say = (frame: Told) => void;

const WRITES_FOR = 6000;
const TELL_EVERY = 3000;

const present = signal<ReadonlySet<string>>(new Set());
const viewers = signal<Viewers | null>(null);
const writers = signal<readonly Writer[]>([]);
let say: Say = () => undefined;
let toldAt = -Infinity;

/** Whether a member has the page open somewhere. */
export function isOnline(user: string): boolean {
  return present.value.has(user);
}

/** Who else looks at the open conversation. */
export const alsoHere = computed<readonly string[]>(() => {
  const seen = viewers.value;
  if (seen === null || seen.of !== openId.value) return [];
  return [...new Set(seen.users)].filter((user) => !isMe(user));
});

/** Who else is writing in the open conversation. */
export const writing = computed<readonly string[]>(() => {
  const fresh = writers.value.filter((one) => one.of === openId.value && now.value - one.at < WRITES_FOR);
  return [...new Set(fresh.map((one) => one.user))].filter((user) => !isMe(user));
});

/** Take what others do. */
export function hear(told: Told): void {
  const { type, conversation_id: of, user_id: user } = told;
  // The server owns these shapes; the page only shows them.
  if (type === "online") {
    const { agents } = told as unknown as OnlineTold;
    present.value = new Set(agents.map(({ user_id }) => user_id));
  }
  if (typeof of !== "string") return;
  if (type === "presence") {
    const { viewers: all } = told as unknown as PresenceTold;
    viewers.value = { of, users: all.flatMap(({ user_id }) => (user_id === null ? [] : [user_id])) };
  }
  if (type === "typing" && typeof user === "string") {
    const at = Date.now();
    const others = writers.peek().filter((one) => one.user !== user && at - one.at < WRITES_FOR);
    writers.value = [...others, { of, user, at }];
    now.value = at;
    setTimeout(() => {
      now.value = Date.now();
    }, WRITES_FOR);
  }
}

/** Tell others, now and whenever another conversation is opened. Called with each new connection. */
export function speakBy(next: Say): void {
  say = next;
  say({ type: "subscribe", conversation_id: openId.peek() });
  say({ type: "online" });
}

/** Tell others that this person is writing in the open conversation; not with every key. */
export function tellWriting(): void {
  const id = openId.peek();
  const at = Date.now();
  if (id === null || at - toldAt < TELL_EVERY) return;
  toldAt = at;
  say({ type: "typing", conversation_id: id });
}

/** Follow what is open; returns what stops that. */
export function watchPresence(): () => void {
  return effect(() => {
    toldAt = -Infinity;
    say({ type: "subscribe", conversation_id: openId.value });
  });
}
