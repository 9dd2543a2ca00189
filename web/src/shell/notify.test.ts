import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { at, madeArrival, madeConversation, madeMessage } from "../../tests/made";
import { emptyInbox } from "../model/inbox";
import type { Conversation, Me } from "../model/types";
import { openId, route } from "../route";
import { inbox, me } from "../store";
import { notifies, notify, switchNotifications } from "./notify";

class FakeNotification {
  static permission = "default";
  static answer = "granted";
  static shown: FakeNotification[] = [];
  onclick: (() => void) | null = null;

  constructor(
    readonly title: string,
    readonly options: { readonly body: string; readonly tag: string },
  ) {
    FakeNotification.shown.push(this);
  }
  close(): void {
    return;
  }
  static requestPermission(): Promise<string> {
    FakeNotification.permission = FakeNotification.answer;
    return Promise.resolve(FakeNotification.answer);
  }
}

beforeEach(() => {
  vi.stubGlobal("Notification", FakeNotification);
  vi.stubGlobal("focus", () => undefined);
  FakeNotification.shown = [];
  FakeNotification.answer = "granted";
  FakeNotification.permission = "default";
  route.value = { page: "inbox", conversation: null, view: "open" };
  me.value = { user: { id: "usr_1", email: "", name: null } } as Me;
  has({});
});

afterEach(async () => {
  await switchNotifications(false);
  vi.unstubAllGlobals();
});

describe("notifications", () => {
  test("are off until they are switched on and the browser's question is answered", async () => {
    arrive();
    expect(FakeNotification.shown).toEqual([]);
    FakeNotification.answer = "denied";
    expect(await switchNotifications(true)).toBe("refused");
    FakeNotification.answer = "granted";
    expect(await switchNotifications(true)).toBe("on");
    expect(notifies()).toBe(true);
    arrive();
    expect(FakeNotification.shown.map(({ title, options }) => [title, options.body])).toEqual([
      ["Maya Lindqvist", "text of msg_1"],
    ]);
  });

  test("open their conversation", async () => {
    await switchNotifications(true);
    arrive();
    FakeNotification.shown[0]?.onclick?.();
    expect(openId.value).toBe("cnv_1");
  });

  test.each<[string, () => void]>([
    [
      "what the company wrote",
      () => {
        notify([madeArrival(2, madeMessage("msg_1", { direction: "outbound" }))]);
      },
    ],
    [
      "the open conversation",
      () => {
        route.value = { ...route.value, conversation: "cnv_1" };
        arrive();
      },
    ],
    [
      "what somebody else answers",
      () => {
        has({ assignee_id: "usr_2" });
        arrive();
      },
    ],
    [
      "a note that calls somebody else, or is one's own",
      () => {
        note({ mentions: ["usr_2"], author_id: "usr_3" });
        note({ mentions: ["usr_1"], author_id: "usr_1" });
      },
    ],
  ])("are not for %s", async (_name, happen) => {
    await switchNotifications(true);
    happen();
    expect(FakeNotification.shown).toEqual([]);
  });

  test("are for a note that calls this person", async () => {
    await switchNotifications(true);
    note({ mentions: ["usr_1"], author_id: "usr_2" });
    expect(FakeNotification.shown).toHaveLength(1);
  });
});

function has(change: Partial<Conversation>): void {
  inbox.value = { ...emptyInbox(1), conversations: [madeConversation("cnv_1", change)] };
}

function arrive(): void {
  notify([madeArrival(2, madeMessage("msg_1", { occurred_at: at(5) }))]);
}

function note(change: Parameters<typeof madeMessage>[1]): void {
  notify([
    { type: "note.created", seq: 2, data: madeMessage("msg_9", { direction: "internal", ...change }) },
  ]);
}
