import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { fakeGateway, FakeWebSocket, Refusal, type FakeGateway } from "../tests/gateway";
import { at, madeArrival, madeConversation, madeMessage } from "../tests/made";
import { rows } from "./list/conversations";
import type { LogEvent } from "./model/event";
import { read, route } from "./route";
import { connection, inbox, me } from "./store";
import { endSession, sessionEnded, start } from "./sync";
import { may } from "./permissions";
import { conversation, messages, readWhatIsSeen } from "./thread/messages";
import { isMe, labels, memberName, views } from "./workspace";

const ME = {
  user: { id: "usr_1", email: "demo@example.org", name: null },
  tenant: { id: "t", name: "Demo", slug: "demo" },
  role: "owner",
  permissions: ["inbox.read", "conversations.write"],
  demo: true,
  seq: 5,
  epoch: "one",
};
const MEMBER = { name: "Ana Ruiz", email: "ana@example.org", role: "operator", status: "active" };
const LABEL = { id: "lbl_1", name: "Invoice", color: "blue", description: null, deleted_at: null };
const VIEW = { id: "view_1", name: "Late", owner_id: null, filters: {}, deleted_at: null };
const FIRST = madeMessage("msg_1", { conversation_id: "cnv_1" });

let gateway: FakeGateway;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FakeWebSocket);
  FakeWebSocket.all = [];
  history.replaceState(null, "", "/c/cnv_1");
  route.value = read(location);
  gateway = fakeGateway(answersAt(5, madeConversation("cnv_1")));
});

afterEach(() => {
  endSession("left");
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("becoming live", () => {
  test("follows the log from where the snapshot was taken", async () => {
    await start();
    welcome();
    expect(FakeWebSocket.newest().sent[0]).toEqual({ type: "resume", after: 5, epoch: "one" });
    expect(messages.value.map((message) => message.id)).toEqual(["msg_1"]);
    expect(connection.value.state).toBe("live");
  });

  test("shows a message that arrives without another request", async () => {
    await start();
    welcome();
    const before = gateway.calls.length;
    hear(madeArrival(6, madeMessage("msg_2", { occurred_at: at(9) }), 0));
    vi.advanceTimersByTime(20);
    expect(messages.value.map((message) => message.id)).toEqual(["msg_1", "msg_2"]);
    expect(rows.value[0]?.last_message?.id).toBe("msg_2");
    expect(gateway.calls).toHaveLength(before);
  });

  test("loads a fresh snapshot when the log cannot be followed, and nothing stale stays", async () => {
    await start();
    welcome();
    gateway.answers = answersAt(90, madeConversation("cnv_1", { unread_count: 0, subject: "Fresh" }));
    FakeWebSocket.newest().hear({ type: "resync", reason: "retention" });
    await vi.advanceTimersByTimeAsync(0);
    welcome();
    expect(FakeWebSocket.all).toHaveLength(2);
    expect(FakeWebSocket.newest().sent[0]).toMatchObject({ after: 90 });
    expect(inbox.value.seq).toBe(90);
    expect(conversation.value?.subject).toBe("Fresh");
  });

  test("opens the inbox although the address names a conversation that is not there", async () => {
    gateway.answers["GET /conversations/cnv_1"] = new Refusal(404, "not_found");
    gateway.answers["GET /conversations/cnv_1/messages?limit=50"] = new Refusal(404, "not_found");
    await start();
    expect(me.value?.tenant.name).toBe("Demo");
  });
});

describe("the shared lists", () => {
  test("are read with the snapshot: people are found by id, others' own views are left out", async () => {
    await start();
    expect(memberName("usr_2")).toBe("Ben Otieno");
    expect(memberName("usr_9")).toBe("Somebody who left");
    expect(isMe("usr_1")).toBe(true);
    expect(views.value.map((one) => one.id)).toEqual(["view_1"]);
    expect([may("conversations.write"), may("tenant.write")]).toEqual([true, false]);
  });

  test("follow the log: what is made, renamed and deleted, in the order of names", async () => {
    await start();
    welcome();
    const made = { ...LABEL, id: "lbl_2", name: "Bug", updated_at: at(0) };
    hear({ type: "label.updated", seq: 6, data: made });
    hear({ type: "label.updated", seq: 7, data: { ...made, id: "lbl_1", name: "Zoo" } });
    vi.advanceTimersByTime(20);
    expect(labels.value.map((one) => one.name)).toEqual(["Bug", "Zoo"]);
    hear({ type: "label.updated", seq: 8, data: { ...made, deleted_at: at(9) } });
    vi.advanceTimersByTime(20);
    expect(labels.value.map((one) => one.name)).toEqual(["Zoo"]);
  });

  test("are read to their last page", async () => {
    gateway.answers["GET /labels"] = { data: [LABEL], next_cursor: "more" };
    gateway.answers["GET /labels?cursor=more"] = list({ ...LABEL, id: "lbl_2", name: "Quote" });
    await start();
    expect(labels.value.map((one) => one.id)).toEqual(["lbl_1", "lbl_2"]);
  });

  test("miss nothing that happened while they were read", async () => {
    gateway.answers["GET /conversations?status=open&limit=100"] = {
      ...list(madeConversation("cnv_1")),
      seq: 8,
    };
    await start();
    welcome();
    expect(FakeWebSocket.newest().sent[0]).toMatchObject({ after: 5 });
    hear({ type: "label.updated", seq: 6, data: { ...LABEL, name: "Bill", updated_at: at(1) } });
    hear({ type: "conversation.updated", seq: 7, data: madeConversation("cnv_1", { subject: "Older" }) });
    vi.advanceTimersByTime(20);
    expect(labels.value.map((one) => one.name)).toEqual(["Bill"]);
    expect(conversation.value?.subject).toBe(null);
  });
});

describe("an ended login", () => {
  test("asks for a login and remembers where somebody was", async () => {
    await start();
    gateway.answers["GET /me"] = new Refusal(401, "unauthenticated");
    FakeWebSocket.newest().onclose?.({ code: 1008 });
    await vi.waitFor(() => {
      expect(route.value).toEqual({ page: "login", conversation: "cnv_1", view: "open" });
    });
    expect(sessionEnded.value).toBe(true);
    expect(inbox.value.conversations).toEqual([]);
  });
});

describe("reading", () => {
  test("an open conversation is read at once here, and the gateway is told", async () => {
    gateway.answers = answersAt(5, madeConversation("cnv_1", { unread_count: 3 }));
    await start();
    const stop = readWhatIsSeen(() => undefined);
    expect(conversation.value?.unread_count).toBe(0);
    expect(gateway.calls.filter((call) => call === "POST /conversations/cnv_1/read")).toHaveLength(1);
    stop();
  });

  test("is told again after the connection was lost", async () => {
    gateway.answers = answersAt(5, madeConversation("cnv_1", { unread_count: 3 }));
    gateway.answers["POST /conversations/cnv_1/read"] = new Refusal(503, "overloaded");
    await start();
    const stop = readWhatIsSeen(() => undefined);
    await vi.advanceTimersByTimeAsync(0);
    welcome();
    expect(gateway.calls.filter((call) => call === "POST /conversations/cnv_1/read")).toHaveLength(2);
    stop();
  });
});

function answersAt(seq: number, conversation: ReturnType<typeof madeConversation>) {
  return {
    "GET /me": { ...ME, seq },
    "GET /conversations?status=open&limit=100": { data: [conversation], next_cursor: null, seq },
    "GET /conversations/cnv_1": conversation,
    "GET /conversations/cnv_1/messages?limit=50": { data: [FIRST], next_cursor: null, seq },
    "POST /conversations/cnv_1/read": conversation,
    "GET /members": list({ ...MEMBER, id: "usr_1" }, { ...MEMBER, id: "usr_2", name: "Ben Otieno" }),
    "GET /teams": list(),
    "GET /labels": list(LABEL),
    "GET /canned-replies": list(),
    "GET /views": list(VIEW, { ...VIEW, id: "view_2", owner_id: "usr_2" }),
    "GET /channels": list(),
  } as FakeGateway["answers"];
}

function list(...data: readonly unknown[]) {
  return { data, next_cursor: null };
}

function welcome(): void {
  FakeWebSocket.newest().onopen?.();
  FakeWebSocket.newest().hear({ type: "hello", seq: 5, epoch: "one", session: "s" });
}

function hear(event: LogEvent): void {
  FakeWebSocket.newest().hear({ type: "event", event });
}
