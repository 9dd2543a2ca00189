import { describe, expect, test } from "vitest";
import { at, madeConversation } from "../../tests/made";
import { windowOf } from "./window";

const PRESENT = Date.parse(at(0));
const HOUR = 3600;

describe("the window of a conversation", () => {
  test.each([
    [null, { state: "closed" }],
    [at(-1), { state: "closed" }],
    [at(0), { state: "closed" }],
    [at(60), { state: "open", left: 60_000, soon: true }],
    [at(2 * HOUR), { state: "open", left: 7_200_000, soon: true }],
    [at(2 * HOUR + 1), { state: "open", left: 7_201_000, soon: false }],
  ] as const)("that ends at %s is %j", (window_expires_at, expected) => {
    expect(windowOf(madeConversation("cnv_1", { window_expires_at }), 24, PRESENT)).toEqual(expected);
  });

  test("is none where the provider knows of none, and on other channels", () => {
    const conversation = madeConversation("cnv_1");
    expect(windowOf(conversation, null, PRESENT)).toEqual({ state: "none" });
    const sms = madeConversation("cnv_1", { channel: { ...conversation.channel, kind: "sms" } });
    expect(windowOf(sms, 24, PRESENT)).toEqual({ state: "none" });
  });
});
