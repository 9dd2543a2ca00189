import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Told } from "../live";
import { go } from "../route";
import { me } from "../store";
import { now } from "../ui/time";
import { alsoHere, hear, isOnline, speakBy, tellWriting, watchPresence, writing } from "./presence";

let said: Told[];
let stop: () => void;

beforeEach(() => {
  vi.useFakeTimers({ now: 5_000_000 });
  now.value = Date.now();
  me.value = {
    user: { id: "usr_me", email: "me@example.org", name: "Me" },
    tenant: { id: "t", name: "T", slug: "t" },
    role: "operator",
    permissions: [],
    demo: false,
    seq: 0,
    epoch: "one",
  };
  go({ page: "inbox", view: "open", conversation: "cnv_1" });
  said = [];
  speakBy((frame) => said.push(frame));
  stop = watchPresence();
  said = [];
});

afterEach(() => {
  stop();
  vi.useRealTimers();
});

test("says where this person is, whenever that changes", () => {
  go({ conversation: "cnv_2" });
  go({ conversation: null });
  expect(said).toEqual([
    { type: "subscribe", conversation_id: "cnv_2" },
    { type: "subscribe", conversation_id: null },
  ]);
});

test("knows who is at their page", () => {
  hear({ type: "online", agents: [{ user_id: "usr_1", since: "2026-11-02T09:00:00.000Z" }] });
  expect([isOnline("usr_1"), isOnline("usr_2")]).toEqual([true, false]);
  hear({ type: "online", agents: [] });
  expect(isOnline("usr_1")).toBe(false);
});

test("shows who else is in the open conversation, each once, and not oneself", () => {
  const viewers = ["usr_1", "usr_me", null, "usr_1", "usr_2"].map((user_id) => ({ session: "s", user_id }));
  hear({ type: "presence", conversation_id: "cnv_1", viewers });
  expect(alsoHere.value).toEqual(["usr_1", "usr_2"]);
  go({ conversation: "cnv_2" });
  expect(alsoHere.value).toEqual([]);
});

test("somebody who stops writing is not shown for long", () => {
  hear({ type: "typing", conversation_id: "cnv_1", user_id: "usr_1" });
  hear({ type: "typing", conversation_id: "cnv_2", user_id: "usr_2" });
  expect(writing.value).toEqual(["usr_1"]);
  vi.advanceTimersByTime(6001);
  expect(writing.value).toEqual([]);
});

test("tells that this person writes, but not with every key", () => {
  for (let key = 0; key < 20; key += 1) {
    tellWriting();
    vi.advanceTimersByTime(200);
  }
  expect(said).toEqual([
    { type: "typing", conversation_id: "cnv_1" },
    { type: "typing", conversation_id: "cnv_1" },
  ]);
  go({ conversation: null });
  said = [];
  tellWriting();
  expect(said).toEqual([]);
});
