/** From a login to a live inbox: snapshot first, then the log from the snapshot's position. */

import { batch, signal } from "@preact/signals";
import { announce } from "./shell/announce";
import { notify } from "./shell/notify";
import { takeOwn } from "./composer/drafts";
import { foldCustomers, forgetCustomers } from "./customers/known";
import { foldEndpoints, forgetEndpoints } from "./endpoints/known";
import { ApiError, getConversation, getMe, listConversations, listMessages, onSessionEnd } from "./api";
import { restart as restartList, wanted } from "./list/conversations";
import { heardMentions } from "./list/mentioned";
import { startLive, type Live, type Socket } from "./live";
import type { LogEvent } from "./model/event";
import { forgetSeen } from "./meanwhile";
import { addConversations, addMessages, emptyInbox, findConversation } from "./model/inbox";
import { NOTHING_SHARED } from "./model/shared";
import type { Me } from "./model/types";
import { reachAfter } from "./reach";
import { go, openId, view } from "./route";
import { connection, fold, inbox, me } from "./store";
import { catchUpReads, restart as restartThreads } from "./thread/messages";
import { hear, speakBy } from "./thread/presence";
import { foldOwn, foldShared, loadShared, setShared } from "./workspace";

const FRAME = 16;
const RESYNC_RETRY = 3000;

let live: Live | null = null;
let arrived: LogEvent[] = [];
let flushing: ReturnType<typeof setTimeout> | undefined;

/** Become live, or go to the login when there is no session. Rejects when the gateway is away. */
export async function start(): Promise<void> {
  onSessionEnd(() => {
    endSession();
  });
  const who = await getMe();
  await snapshot(who);
}

/** Whether the last session ended by itself, under somebody's hands. */
export const sessionEnded = signal(false);

/** Stop following the log, forget what was on the page, and ask for a login. */
export function endSession(how: "ended" | "left" = "ended"): void {
  stopLive();
  batch(() => {
    sessionEnded.value = how === "ended" && me.peek() !== null;
    me.value = null;
    inbox.value = emptyInbox(0);
    setShared(NOTHING_SHARED);
    forgetCustomers();
    forgetEndpoints();
    forgetSeen();
    go({ page: "login" }, "replace");
  });
}

/** Try the connection at once. */
export function reconnectNow(): void {
  live?.nudge();
}

/** Believe the browser when it says that the network went or came, and look again when somebody comes back. */
export function watchNetwork(): () => void {
  const gone = () => live?.giveUp();
  const look = () => {
    if (!document.hidden) reconnectNow();
  };
  addEventListener("offline", gone);
  addEventListener("online", reconnectNow);
  document.addEventListener("visibilitychange", look);
  return () => {
    removeEventListener("offline", gone);
    removeEventListener("online", reconnectNow);
    document.removeEventListener("visibilitychange", look);
  };
}

/** Load what is on screen afresh and follow the log from there. */
export async function snapshot(who: Me): Promise<void> {
  const open = openId.peek();
  const loading = loadShared();
  if (view.peek().startsWith("view_")) setShared(await loading); // it says what to list
  const shown = wanted.peek();
  const [list, shared] = await Promise.all([listConversations(shown, null), loading]);
  // After the list, so that it is no older than the position the inbox starts from.
  const thread = open === null ? null : await readThread(open);
  batch(() => {
    let next = addConversations(emptyInbox(list.seq), list);
    if (open !== null && thread !== null) {
      next = addMessages(next, open, thread.page);
      next = addConversations(next, { data: [thread.conversation], next_cursor: null, seq: -1 });
    }
    inbox.value = next;
    me.value = who;
    setShared(shared);
    restartList(shown, reachAfter(list));
    restartThreads(open === null || thread === null ? {} : { [open]: reachAfter(thread.page) });
  });
  // From before any of these answers: the shared lists don't say how new they are, and entries may come twice.
  follow(who, who.seq);
}

// A link to a conversation that is not there must not keep the inbox from opening:
// the thread pane finds out for itself and says so.
async function readThread(id: string) {
  try {
    const [conversation, page] = await Promise.all([getConversation(id), listMessages(id, {})]);
    return { conversation, page };
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

function follow(who: Me, seq: number): void {
  stopLive();
  live = startLive({
    open: openSocket,
    from: { seq, epoch: who.epoch },
    onEvent: take,
    onOwn: (what, data) => {
      foldOwn(what, data);
      takeOwn(what, data);
    },
    onTold: hear,
    onResync: () => void resync(),
    onRefused: () => void checkLogin(),
    onConnection: (next) => {
      connection.value = next;
      if (next.state !== "live") return;
      catchUpReads();
      speakBy((frame) => live?.say(frame));
    },
    now: Date.now,
    random: Math.random,
  });
}

async function resync(): Promise<void> {
  connection.value = { state: "waiting", since: Date.now() };
  try {
    await start();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status !== 401) setTimeout(() => void resync(), RESYNC_RETRY);
  }
}

// A refusal may mean that the login ended: asking who we are finds out, and
// `api.ts` ends the session when it did.
async function checkLogin(): Promise<void> {
  try {
    await getMe();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
}

function openSocket(): Socket {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  return new WebSocket(`${scheme}//${location.host}/api/v1/stream`) as Socket;
}

// A burst is folded once per frame: drawing each entry by itself would fall behind.
function take(event: LogEvent): void {
  arrived.push(event);
  flushing ??= setTimeout(flush, FRAME);
}

function flush(): void {
  const events = arrived;
  arrived = [];
  flushing = undefined;
  const fresh = events.filter((event) => event.seq > inbox.peek().seq);
  batch(() => {
    fold(fresh);
    foldShared(events);
    foldCustomers(fresh);
    foldEndpoints(fresh);
  });
  heardMentions(fresh);
  notify(fresh);
  announce(fresh, (id) => findConversation(inbox.peek(), id)?.customer ?? null);
}

function stopLive(): void {
  live?.stop();
  live = null;
  clearTimeout(flushing);
  flushing = undefined;
  arrived = [];
}
