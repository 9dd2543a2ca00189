import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { at, madeConversation, madeMessage } from "../../tests/made";
import { addConversations, addMessages, emptyInbox } from "../model/inbox";
import type { Conversation } from "../model/types";
import { go } from "../route";
import { inbox } from "../store";
import { editAgain, isReady, sendNote, sendReply } from "./compose";
import { draftOf, forgetDrafts, write } from "./drafts";
import { emptyOutbox, onTheirWay } from "./outbox";

const ID = `cnv_${"1".repeat(32)}`;
const MAIL: Conversation = madeConversation(ID, {
  channel: { id: "ch_1", kind: "email", provider: "postmark", address: "support@shop.test", name: null },
  subject: "Order 1043",
});
const theirs = (id: string, direction: "inbound" | "outbound", seconds: number) =>
  madeMessage(id, {
    conversation_id: ID,
    channel: "email",
    direction,
    from: { name: "Jane\tDoe", address: "jane@example.org" },
    occurred_at: at(seconds),
  });

const asked: { body: Record<string, unknown>; key: string | null }[] = [];

beforeEach(() => {
  asked.length = 0;
  let known = addConversations(emptyInbox(1), { data: [MAIL], next_cursor: null, seq: 1 });
  const data = [theirs("msg_1", "inbound", 0), theirs("msg_2", "inbound", 5), theirs("msg_3", "outbound", 9)];
  known = addMessages(known, ID, { data, next_cursor: null, seq: 1 });
  inbox.value = known;
  go({ page: "inbox", conversation: ID });
  vi.stubGlobal("fetch", (_path: string, init: RequestInit) => {
    const body = JSON.parse(init.body as string) as Record<string, unknown>;
    asked.push({ body, key: new Headers(init.headers).get("Idempotency-Key") });
    return Promise.reject(new TypeError("nobody there"));
  });
});

afterEach(() => {
  emptyOutbox();
  forgetDrafts();
  vi.unstubAllGlobals();
});

describe("an answer to a mail", () => {
  test("has its subject and copies, and the mail that it answers below", () => {
    write(ID, { text: " On its way. ", subject: "Late", cc: ["jo@example.org"], bcc: ["kim@example.org"] });
    sendReply(MAIL);
    expect(asked[0]?.body).toEqual({
      text: "On its way.",
      subject: "Late",
      cc: ["jo@example.org"],
      bcc: ["kim@example.org"],
      quote: {
        message_id: "msg_2",
        intro: expect.stringMatching(/^On .+, Jane Doe <jane@example\.org> wrote:$/u) as string,
      },
    });
    expect(draftOf(ID)).toMatchObject({ text: "", cc: [], bcc: [], subject: null, quote: true });
  });

  test("stands alone where its writer wants that", () => {
    write(ID, { text: "On its way.", quote: false });
    sendReply(MAIL);
    expect(asked[0]?.body).toEqual({ text: "On its way." });
  });

  test("waits until its copies go somewhere", () => {
    write(ID, { text: "On its way.", cc: ["jo"] });
    expect(isReady(MAIL, "reply")).toBe(false);
    write(ID, { cc: ["jo@example.org"] });
    expect(isReady(MAIL, "reply")).toBe(true);
  });

  test("that could not be sent is written on with all that it had", async () => {
    write(ID, { text: "On its way.", cc: ["jo@example.org"], note: "Ask the driver" });
    sendReply(MAIL);
    await vi.waitFor(() => {
      expect(onTheirWay.value[0]?.failure).not.toBeNull();
    });
    write(ID, { text: "PS", cc: ["kim@example.org"] });
    const [pending] = onTheirWay.value;
    if (pending !== undefined) editAgain(pending);
    expect(draftOf(ID)).toMatchObject({
      text: "On its way.\nPS",
      cc: ["jo@example.org", "kim@example.org"],
      note: "Ask the driver",
    });
  });
});

test("a note goes out under a key, so that it is one however often it is sent", () => {
  write(ID, { note: "Ask the driver" });
  sendNote(MAIL);
  expect(asked[0]?.body).toEqual({ text: "Ask the driver", mentions: [] });
  expect(asked[0]?.key).toMatch(/^[0-9a-f-]{36}$/u);
});
