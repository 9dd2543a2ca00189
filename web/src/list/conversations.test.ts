import { beforeEach, describe, expect, test } from "vitest";
import { fakeGateway, Refusal } from "../../tests/gateway";
import { at, madeConversation } from "../../tests/made";
import { apply } from "../model/apply";
import { emptyInbox } from "../model/inbox";
import type { Conversation } from "../model/types";
import { UNREAD_REACH } from "../reach";
import { route } from "../route";
import { change, inbox } from "../store";
import { openView, reach, readMore, restart, retry, rows } from "./conversations";
import { listScrolled, newerRows, pointerGone, pointerMoved, shownRows } from "./hold";

beforeEach(() => {
  inbox.value = emptyInbox(10);
  route.value = { page: "inbox", conversation: null, view: "open" };
  restart("", UNREAD_REACH);
  pointerGone();
  listScrolled(0);
});

describe("a view", () => {
  test("is read page by page until there is no more", async () => {
    const gateway = fakeGateway({
      "GET /conversations?status=open&limit=100": page([made("a", 40), made("b", 30)], "next"),
      "GET /conversations?status=open&cursor=next&limit=100": page([made("c", 20)], null),
    });
    await openView();
    expect(ids(rows.value)).toEqual(["cnv_a", "cnv_b"]);
    await readMore();
    await readMore();
    expect(ids(rows.value)).toEqual(["cnv_a", "cnv_b", "cnv_c"]);
    expect(gateway.calls).toHaveLength(2);
  });

  test("does not show what lies beyond the pages read, where others would be missing", async () => {
    fakeGateway({ "GET /conversations?status=open&limit=100": page([made("a", 40), made("b", 30)], "next") });
    await openView();
    change((inbox) => apply(inbox, { type: "conversation.updated", seq: 11, data: made("old", 5) }));
    expect(ids(rows.value)).toEqual(["cnv_a", "cnv_b"]);
  });

  test("loses a conversation that was resolved and gains one that was opened", async () => {
    fakeGateway({ "GET /conversations?status=open&limit=100": page([made("a", 40), made("b", 30)], null) });
    await openView();
    const resolved = { ...made("a", 40), status: "resolved" } as const;
    change((inbox) => apply(inbox, { type: "conversation.updated", seq: 11, data: resolved }));
    change((inbox) => apply(inbox, { type: "conversation.created", seq: 12, data: made("c", 50) }));
    expect(ids(rows.value)).toEqual(["cnv_c", "cnv_b"]);
  });

  test("says what went wrong and goes on from there", async () => {
    const gateway = fakeGateway({
      "GET /conversations?status=open&limit=100": new Refusal(503, "overloaded"),
    });
    await openView();
    expect(reach.value).toMatchObject({ state: "failed", failure: 503, begun: false });
    gateway.answers = { "GET /conversations?status=open&limit=100": page([made("a", 40)], null) };
    await retry();
    expect(reach.value.state).toBe("idle");
    expect(ids(rows.value)).toEqual(["cnv_a"]);
  });
});

describe("the order of rows", () => {
  beforeEach(async () => {
    fakeGateway({ "GET /conversations?status=open&limit=100": page([made("a", 40), made("b", 30)], null) });
    await openView();
  });

  test("stays while the pointer moves over them, and what they say goes on", () => {
    pointerMoved();
    arrive("b", 60);
    expect(ids(shownRows.value)).toEqual(["cnv_a", "cnv_b"]);
    expect(shownRows.value[1]?.unread_count).toBe(3);
    expect(newerRows.value).toBe(1);
    pointerGone();
    expect(ids(shownRows.value)).toEqual(["cnv_b", "cnv_a"]);
    expect(newerRows.value).toBe(0);
  });

  test("stays while the list is scrolled down", () => {
    listScrolled(300);
    arrive("c", 70);
    expect(ids(shownRows.value)).toEqual(["cnv_a", "cnv_b"]);
    listScrolled(0);
    expect(ids(shownRows.value)).toEqual(["cnv_c", "cnv_a", "cnv_b"]);
  });
});

let seq = 100;

function arrive(name: string, second: number): void {
  seq += 1;
  const data = { ...made(name, second), unread_count: 3 };
  change((inbox) => apply(inbox, { type: "conversation.updated", seq, data }));
}

function made(name: string, second: number): Conversation {
  return madeConversation(`cnv_${name}`, { last_message_at: at(second) });
}

function page(data: readonly Conversation[], next_cursor: string | null) {
  return { data, next_cursor, seq: 10 };
}

function ids(conversations: readonly Conversation[]): string[] {
  return conversations.map((conversation) => conversation.id);
}
