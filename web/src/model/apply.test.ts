import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { at, madeArrival, madeConversation, madeMessage } from "../../tests/made";
import { apply, applyAll } from "./apply";
import { toEvent, type LogEvent } from "./event";
import { addConversations, addMessages, emptyInbox, findConversation, keepThreads } from "./inbox";
import { byActivity, byOccurrence } from "./order";

describe("folding the log", () => {
  test("a first message brings its conversation along", () => {
    const inbox = apply(emptyInbox(0), madeArrival(1, madeMessage("msg_1")));
    expect(inbox.seq).toBe(1);
    expect(findConversation(inbox, "cnv_1")?.last_message?.id).toBe("msg_1");
    expect(inbox.messages["cnv_1"]?.map((message) => message.id)).toEqual(["msg_1"]);
    expect(inbox.messages["cnv_1"]?.[0]).not.toHaveProperty("conversation");
  });

  test("a message that arrives late goes where it belongs in time", () => {
    const inbox = applyAll(emptyInbox(0), [
      madeArrival(1, madeMessage("msg_b", { occurred_at: at(20) })),
      madeArrival(2, madeMessage("msg_a", { occurred_at: at(10) })),
    ]);
    expect(inbox.messages["cnv_1"]?.map((message) => message.id)).toEqual(["msg_a", "msg_b"]);
  });

  test("a new status shows in the thread and in the list", () => {
    const sent = madeMessage("msg_1", { direction: "outbound", status: "sent" });
    const before = apply(emptyInbox(0), madeArrival(1, sent, 0));
    const after = apply(before, {
      type: "message.status_changed",
      seq: 2,
      data: { ...sent, status: "read" },
    });
    expect(after.messages["cnv_1"]?.[0]?.status).toBe("read");
    expect(findConversation(after, "cnv_1")?.last_message?.status).toBe("read");
  });

  test("an edited message shows its new text in the thread and in the list", () => {
    const first = madeMessage("msg_1", { text: "Helo", preview: "Helo" });
    const edited = { ...first, text: "Hello", preview: "Hello", edited_at: at(9) };
    const after = applyAll(emptyInbox(0), [
      madeArrival(1, first),
      { type: "message.updated", seq: 2, data: edited },
    ]);
    expect(after.messages["cnv_1"]).toEqual([edited]);
    expect(findConversation(after, "cnv_1")?.last_message?.preview).toBe("Hello");
  });

  test("a message that was taken back stays, without what it said", () => {
    const first = madeMessage("msg_1");
    const gone = { ...first, text: null, preview: "", deleted_at: at(9) };
    const after = applyAll(emptyInbox(0), [
      madeArrival(1, first),
      { type: "message.deleted", seq: 2, data: gone },
    ]);
    expect(after.messages["cnv_1"]).toEqual([gone]);
    expect(findConversation(after, "cnv_1")?.last_message).toMatchObject({ preview: "", deleted: true });
  });

  test("an alarm of a channel changes nothing but the position", () => {
    const before = apply(emptyInbox(0), madeArrival(1, madeMessage("msg_1")));
    const alarm = toEvent({ type: "channel.alarm", seq: 2, data: { level: "critical" } });
    expect(apply(before, alarm)).toEqual({ ...before, seq: 2 });
  });

  test("the status of an earlier message leaves the list alone", () => {
    const first = madeMessage("msg_1", { direction: "outbound", status: "sent" });
    const second = madeMessage("msg_2", { direction: "outbound", status: "sent", occurred_at: at(5) });
    const before = applyAll(emptyInbox(0), [madeArrival(1, first), madeArrival(2, second)]);
    const after = apply(before, {
      type: "message.status_changed",
      seq: 3,
      data: { ...first, status: "failed" },
    });
    expect(findConversation(after, "cnv_1")?.last_message?.status).toBe("sent");
  });

  test("a name that is told later shows in every conversation of the customer", () => {
    const nameless = { id: "cus_1", name: null, address: "+15550100111" };
    const other = { id: "cus_2", name: null, address: "+15550100112" };
    const page = {
      data: [
        madeConversation("cnv_1", { customer: nameless }),
        madeConversation("cnv_2", { customer: nameless, status: "resolved" }),
        madeConversation("cnv_3", { customer: other }),
      ],
      next_cursor: null,
      seq: 1,
    };
    const after = apply(addConversations(emptyInbox(1), page), madeRenewal(2));
    expect(after.conversations.map(({ id, customer }) => [id, customer.name])).toEqual([
      ["cnv_3", null],
      ["cnv_2", "Dana Reyes"],
      ["cnv_1", "Dana Reyes"],
    ]);
    expect(after.conversations.map(({ customer }) => customer.address)).toEqual([
      "+15550100112",
      "+15550100111",
      "+15550100111",
    ]);
  });

  test("a kind that a newer server added moves the position on and nothing else", () => {
    const before = apply(emptyInbox(0), madeArrival(1, madeMessage("msg_1")));
    const after = apply(before, toEvent({ type: "order.created", seq: 2, data: { id: "ord_1" } }));
    expect(after).toEqual({ ...before, seq: 2 });
  });
});

describe("pages and the log together", () => {
  test("a page older than the log does not bring an old name along", () => {
    const customer = { id: "cus_1", name: null, address: "+15550100111" };
    const inbox = apply(emptyInbox(4), madeRenewal(5));
    const stale = { data: [madeConversation("cnv_1", { customer })], next_cursor: null, seq: 4 };
    expect(findConversation(addConversations(inbox, stale), "cnv_1")?.customer.name).toBe("Dana Reyes");
    const fresh = {
      ...stale,
      data: [madeConversation("cnv_1", { customer: { ...customer, name: "D. Reyes" } })],
    };
    const later = addConversations(inbox, { ...fresh, seq: 5 });
    expect(findConversation(later, "cnv_1")?.customer.name).toBe("D. Reyes");
  });

  test("a page older than the log does not undo what the log said", () => {
    const inbox = apply(emptyInbox(4), madeArrival(5, madeMessage("msg_1"), 3));
    const stale = { data: [madeConversation("cnv_1"), madeConversation("cnv_2")], next_cursor: null, seq: 4 };
    const merged = addConversations(inbox, stale);
    expect(findConversation(merged, "cnv_1")?.unread_count).toBe(3);
    expect(findConversation(merged, "cnv_2")).not.toBeNull();
  });

  test("a page newer than the log wins", () => {
    const inbox = apply(emptyInbox(4), madeArrival(5, madeMessage("msg_1"), 3));
    const fresh = { data: [madeConversation("cnv_1", { unread_count: 0 })], next_cursor: null, seq: 6 };
    expect(findConversation(addConversations(inbox, fresh), "cnv_1")?.unread_count).toBe(0);
  });

  test("threads that nobody opened are let go", () => {
    const page = { data: [madeMessage("msg_1")], next_cursor: null, seq: 1 };
    const inbox = addMessages(addMessages(emptyInbox(1), "cnv_1", page), "cnv_2", page);
    expect(Object.keys(keepThreads(inbox, new Set(["cnv_2"])).messages)).toEqual(["cnv_2"]);
  });
});

describe("for any log", () => {
  const log = fc.array(arbitraryChange(), { maxLength: 40 }).map((changes) => changes.map(toLog));

  test("folding it twice is the same as folding it once", () => {
    fc.assert(
      fc.property(log, (events) => {
        const once = applyAll(emptyInbox(0), events);
        expect(applyAll(once, events)).toEqual(once);
      }),
    );
  });

  test("dropping out anywhere and resuming with an overlap changes nothing", () => {
    fc.assert(
      fc.property(log, fc.nat(40), fc.nat(40), (events, heard, overlap) => {
        const before = applyAll(emptyInbox(0), events.slice(0, heard));
        const resumed = applyAll(before, events.slice(Math.max(0, heard - overlap)));
        expect(resumed).toEqual(applyAll(emptyInbox(0), events));
      }),
    );
  });

  test("both orders hold and nothing is there twice", () => {
    fc.assert(
      fc.property(log, (events) => {
        const inbox = applyAll(emptyInbox(0), events);
        expect([...inbox.conversations].sort(byActivity)).toEqual(inbox.conversations);
        expect(new Set(inbox.conversations.map((row) => row.id)).size).toBe(inbox.conversations.length);
        for (const thread of Object.values(inbox.messages)) {
          expect([...thread].sort(byOccurrence)).toEqual(thread);
          expect(new Set(thread.map((message) => message.id)).size).toBe(thread.length);
        }
      }),
    );
  });
});

function madeRenewal(seq: number): LogEvent {
  const identities = [
    { kind: "bsuid", value: "US.13491208655302741918" },
    { kind: "phone", value: "+15550100111" },
  ];
  const data = { id: "cus_1", name: "Dana Reyes", identities, created_at: at(0) };
  return toEvent({ type: "customer.updated", seq, data });
}

interface Change {
  readonly type: "message" | "status" | "conversation" | "other";
  readonly conversation: number;
  readonly message: number;
  readonly second: number;
}

function arbitraryChange(): fc.Arbitrary<Change> {
  return fc.record({
    type: fc.constantFrom("message", "status", "conversation", "other"),
    conversation: fc.nat(4),
    message: fc.nat(12),
    second: fc.nat(90),
  });
}

function toLog({ type, conversation, message, second }: Change, index: number): LogEvent {
  const seq = index + 1;
  const conversation_id = `cnv_${conversation}`;
  const made = madeMessage(`msg_${conversation}_${message}`, { conversation_id, occurred_at: at(second) });
  switch (type) {
    case "message":
      return madeArrival(seq, made);
    case "status":
      return { type: "message.status_changed", seq, data: { ...made, status: "read" } };
    case "conversation": {
      const data = madeConversation(conversation_id, { last_message_at: at(second), unread_count: message });
      return { type: "conversation.updated", seq, data };
    }
    case "other":
      return { type: "other", seq, data: null };
  }
}
