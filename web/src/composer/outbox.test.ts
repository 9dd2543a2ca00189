import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { at, madeArrival, madeConversation, madeMessage } from "../../tests/made";
import { addConversations, addMessages, emptyInbox } from "../model/inbox";
import type { Me, Message } from "../model/types";
import { go } from "../route";
import { fold, inbox, me, wantedThreads } from "../store";
import { discard, emptyOutbox, keepOutbox, onTheirWay, send, sendAgain } from "./outbox";
import { drawn, type Pending } from "./pending";

const ID = `cnv_${"1".repeat(32)}`;
const CONVERSATION = madeConversation(ID);
const ME: Me = {
  user: { id: "usr_1", email: "ada@example.org", name: "Ada" },
  tenant: { id: "ten_1", name: "Acme", slug: "acme" },
  role: "owner",
  permissions: [],
  demo: false,
  seq: 0,
  epoch: "1",
};

type Answer = () => Promise<Response>;

const asked: { readonly path: string; readonly key: string | null }[] = [];
let answers: Answer[] = [];

beforeEach(() => {
  asked.length = 0;
  answers = [];
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => {
    asked.push({ path, key: new Headers(init.headers).get("Idempotency-Key") });
    return answers.shift()?.() ?? Promise.reject(new TypeError("nobody there"));
  });
  let known = emptyInbox(1);
  known = addConversations(known, { data: [CONVERSATION], next_cursor: null, seq: 1 });
  inbox.value = addMessages(known, ID, { data: [theirs("msg_01")], next_cursor: null, seq: 1 });
  wantedThreads.add(ID);
  me.value = ME;
  go({ page: "inbox", conversation: ID });
});

afterEach(() => {
  emptyOutbox();
  sessionStorage.clear();
  vi.unstubAllGlobals();
});

describe("a message that is sent", () => {
  test("shows at once, and gives way to what the gateway answers", async () => {
    const answer = held(ours("msg_02"));
    answers = [answer.promise];
    const sent = send(written("a"));
    expect(shown()).toEqual(["new_a"]);
    answer.release();
    expect(await sent).toBe(true);
    expect(shown()).toEqual([]);
    expect(thread()).toEqual(["msg_01", "msg_02"]);
    expect(asked).toEqual([{ path: `/api/v1/conversations/${ID}/messages`, key: "a" }]);
  });

  test("is there once when the log is faster than the answer, and keeps what the log told since", async () => {
    const answer = held(ours("msg_02"));
    answers = [answer.promise];
    const sent = send(written("a"));
    fold([madeArrival(2, ours("msg_02"), 0)]);
    expect(shown()).toEqual([]);
    fold([{ type: "message.status_changed", seq: 3, data: ours("msg_02", { status: "delivered" }) }]);
    answer.release();
    await sent;
    expect(thread()).toEqual(["msg_01", "msg_02"]);
    expect(inbox.value.messages[ID]?.at(-1)?.status).toBe("delivered");
  });

  test("stays with its reason when nobody answers, and is sent again under its key", async () => {
    answers = [];
    expect(await send(written("a"))).toBe(false);
    expect(onTheirWay.value[0]?.failure).toEqual({ again: true, reason: "The gateway can't be reached." });
    answers = [() => Promise.resolve(json(ours("msg_02"), 201))];
    await sendAgain(written("a"));
    expect(shown()).toEqual([]);
    expect(asked.map(({ key }) => key)).toEqual(["a", "a"]);
  });

  test("that is refused is not offered again", async () => {
    const problem = { code: "window_closed", title: "Closed", detail: "The window is closed." };
    answers = [() => Promise.resolve(json(problem, 409))];
    expect(await send(written("a"))).toBe(false);
    expect(onTheirWay.value[0]?.failure).toEqual({ again: false, reason: "The window is closed." });
    discard(written("a"));
    expect(shown()).toEqual([]);
  });

  test("is still there after the page was loaded anew", async () => {
    const stop = keepOutbox();
    await send(written("a"));
    stop();
    emptyOutbox();
    const again = keepOutbox();
    expect(onTheirWay.value.map(({ key, failure }) => [key, failure?.again])).toEqual([["a", true]]);
    again();
  });

  test("is still there for whoever logs in again", async () => {
    const stop = keepOutbox();
    await send(written("a"));
    me.value = null;
    emptyOutbox();
    me.value = ME;
    expect(onTheirWay.value.map(({ key }) => key)).toEqual(["a"]);
    stop();
  });
});

function written(key: string): Pending {
  const author = { id: "usr_1", name: "Ada" };
  const place = { conversation: ID, channel: CONVERSATION.channel, customer: CONVERSATION.customer };
  const shown = drawn(key, place, author, at(60), { text: "Hello" });
  return { key, conversation: ID, what: { reply: { text: "Hello" } }, shown, after: "msg_01", failure: null };
}

function ours(id: string, change: Partial<Message> = {}): Message {
  return madeMessage(id, {
    conversation_id: ID,
    direction: "outbound",
    text: "Hello",
    author_id: "usr_1",
    status: "queued",
    occurred_at: at(61),
    ...change,
  });
}

function theirs(id: string): Message {
  return madeMessage(id, { conversation_id: ID });
}

function shown(): readonly string[] {
  return onTheirWay.value.map(({ shown }) => shown.id);
}

function thread(): readonly string[] {
  return (inbox.value.messages[ID] ?? []).map(({ id }) => id);
}

function json(body: unknown, status: number): Response {
  return new Response(JSON.stringify(body), { status });
}

/** An answer that comes when the test says so. */
function held(message: Message): { readonly promise: Answer; readonly release: () => void } {
  let release: () => void = () => undefined;
  const waiting = new Promise<void>((resolve) => {
    release = resolve;
  });
  return {
    promise: () => waiting.then(() => json(message, 201)),
    release: () => {
      release();
    },
  };
}
