import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { addConversations, emptyInbox, findConversation } from "../../model/inbox";
import type { Conversation } from "../../model/types";
import { go, openId } from "../../route";
import { change, inbox } from "../../store";
import { changeOpen, markUnread, refusal, resolveOrReopen, toggleLabel } from "./change";
import { localMinutes } from "./owntime";

const before = {
  id: "cnv_1",
  status: "open",
  priority: "normal",
  label_ids: ["lbl_1"],
  assignee_id: null,
  snoozed_until: null,
  updated_at: "2026-01-01T00:00:00.000Z",
  last_message_at: "2026-01-01T00:00:00.000Z",
} as unknown as Conversation;

const asked: { path: string; body: unknown }[] = [];
let there: Conversation;
let answer: () => Response;

beforeEach(() => {
  asked.length = 0;
  refusal.value = null;
  there = before;
  inbox.value = addConversations(emptyInbox(1), { data: [before], next_cursor: null, seq: 1 });
  go({ page: "inbox", view: "open", conversation: "cnv_1" });
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => {
    if (init.method === undefined) return Promise.resolve(tagged(there));
    if (init.method === "PATCH" && new Headers(init.headers).get("If-Match") !== tagOf(there)) {
      return Promise.resolve(new Response("{}", { status: 412 }));
    }
    const body: unknown = typeof init.body === "string" ? JSON.parse(init.body) : null;
    asked.push({ path: `${init.method} ${path}`, body });
    return Promise.resolve(answer());
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

const tagOf = ({ updated_at }: Conversation) => `"${updated_at}"`;
const tagged = (of: Conversation) => new Response(JSON.stringify(of), { headers: { ETag: tagOf(of) } });
const shown = () => findConversation(inbox.peek(), "cnv_1");
const refused = () =>
  new Response(JSON.stringify({ code: "invalid", title: "No", detail: "there is no such member" }), {
    status: 422,
  });

test("a change shows at once, and then as the gateway answers", async () => {
  const after: Conversation = { ...before, status: "resolved", updated_at: "2026-01-01T00:00:01.000Z" };
  answer = () => tagged(after);
  const done = changeOpen({ status: "resolved" });
  expect(shown()?.status).toBe("resolved");
  await done;
  expect(shown()).toEqual(after);
  expect(asked).toEqual([{ path: "PATCH /api/v1/conversations/cnv_1", body: { status: "resolved" } }]);
});

test("what is refused goes back, and says why", async () => {
  answer = refused;
  await changeOpen({ assignee_id: "usr_gone" });
  expect(shown()).toEqual(before);
  expect(refusal.value).toEqual({
    of: "cnv_1",
    said: "Not changed: there is no such member",
    again: null,
  });
});

test("what the log told meanwhile is not taken back", async () => {
  const newer = { ...before, priority: "urgent", updated_at: "2026-01-01T00:00:05.000Z" } as Conversation;
  answer = () => {
    change((known) => addConversations(known, { data: [newer], next_cursor: null, seq: 2 }));
    return refused();
  };
  await changeOpen({ priority: "low" });
  expect(shown()).toEqual(newer);
});

test("somebody who was faster is told of, and can be overruled", async () => {
  there = { ...before, status: "pending", updated_at: "2026-01-01T00:00:03.000Z" };
  const after: Conversation = { ...there, status: "resolved", updated_at: "2026-01-01T00:00:04.000Z" };
  answer = () => tagged(after);
  await changeOpen({ status: "resolved" });
  expect(asked).toEqual([]);
  expect(shown()).toEqual(there);
  expect(refusal.value?.said).toBe("Not changed: somebody else was faster. It is now: Status: Pending.");
  refusal.value?.again?.();
  await vi.waitFor(() => {
    expect(shown()).toEqual(after);
  });
  expect(refusal.value).toBeNull();
});

test("labels are put on and taken off, beside those that others put on", async () => {
  there = { ...before, label_ids: ["lbl_1", "lbl_2"], updated_at: "2026-01-01T00:00:03.000Z" };
  answer = () => tagged(there);
  toggleLabel("lbl_0");
  toggleLabel("lbl_1");
  await vi.waitFor(() => {
    expect(asked).toHaveLength(2);
  });
  expect(asked.map(({ body }) => body)).toEqual([
    { label_ids: ["lbl_0", "lbl_1", "lbl_2"] },
    { label_ids: ["lbl_2"] },
  ]);
});

test("the same key resolves and opens again", async () => {
  answer = () => tagged((there = { ...there, ...(asked.at(-1)?.body as Partial<Conversation>) }));
  resolveOrReopen();
  resolveOrReopen();
  await vi.waitFor(() => {
    expect(asked).toHaveLength(2);
  });
  expect(asked.map(({ body }) => body)).toEqual([{ status: "resolved" }, { status: "open" }]);
});

test("what is marked as unread is left first: open, it would be read at once", async () => {
  answer = () => {
    expect(openId.peek()).toBeNull();
    return new Response("{}");
  };
  await markUnread();
  expect(asked).toEqual([{ path: "POST /api/v1/conversations/cnv_1/unread", body: null }]);
});

test("a local time is written to the minute", () => {
  expect(localMinutes(new Date(2026, 4, 6, 7, 8, 59))).toBe("2026-05-06T07:08");
});
