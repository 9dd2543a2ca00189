import { describe, expect, test } from "vitest";
import { at, madeConversation, madeMessage } from "../../tests/made";
import type { Message } from "../model/types";
import { drawn, isNew, newest, stillPending, type Pending } from "./pending";

const ME = { id: "usr_1", name: "Ada" };
const { channel, customer } = madeConversation("cnv_1");
const PLACE = { conversation: "cnv_1", channel, customer };

function written(key: string, text: string, after: string | null = "msg_05"): Pending {
  const shown = drawn(key, PLACE, ME, at(60), { text });
  return { key, conversation: "cnv_1", what: { reply: { text } }, shown, after, failure: null };
}

function ours(id: string, text: string, change: Partial<Message> = {}): Message {
  return madeMessage(id, { direction: "outbound", text, author_id: ME.id, ...change });
}

describe("what is on its way", () => {
  test("is drawn as waiting", () => {
    const { shown } = written("a", "Hello");
    expect(isNew(shown)).toBe(true);
    expect(shown).toMatchObject({
      status: "queued",
      direction: "outbound",
      text: "Hello",
      author_id: "usr_1",
    });
  });

  test("stays until the thread has it", () => {
    const one = written("a", "Hello");
    expect(stillPending([one], [ours("msg_04", "Hello"), madeMessage("msg_06", { text: "Hello" })])).toEqual([
      one,
    ]);
    expect(stillPending([one], [ours("msg_06", "Hello")])).toEqual([]);
  });

  test("is told from the same words of somebody else, and from files", () => {
    const one = written("a", "Hello");
    expect(stillPending([one], [ours("msg_06", "Hello", { author_id: "usr_2" })])).toEqual([one]);
    const file = { id: "att_1", type: "image" };
    expect(stillPending([one], [ours("msg_06", "Hello", { attachments: [file] })])).toEqual([one]);
  });

  test("said twice needs to be there twice", () => {
    const both = [written("a", "Hello"), written("b", "Hello")];
    expect(stillPending(both, [ours("msg_06", "Hello")])).toEqual([both[1]]);
    expect(stillPending(both, [ours("msg_06", "Hello"), ours("msg_07", "Hello")])).toEqual([]);
  });

  test("may be the first of its thread", () => {
    expect(stillPending([written("a", "Hello", null)], [ours("msg_01", "Hello")])).toEqual([]);
  });

  test("begins after the newest that is known", () => {
    expect(newest([ours("msg_02", ""), ours("msg_07", ""), ours("msg_03", "")])).toBe("msg_07");
    expect(newest([])).toBe(null);
  });
});
