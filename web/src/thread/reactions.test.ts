import { describe, expect, test } from "vitest";
import { madeMessage } from "../../tests/made";
import type { Message } from "../model/types";
import { place } from "./reactions";

const QUESTION = madeMessage("msg_1");

describe("reactions", () => {
  test("go to the message they are about", () => {
    const { lines, reactions } = place([QUESTION, reaction("msg_2", "msg_1", "👍")]);
    expect(lines).toEqual([QUESTION]);
    expect(reactions.get("msg_1")?.map(({ text }) => text)).toEqual(["👍"]);
  });

  test("replace the author's earlier one, and nobody else's", () => {
    const { reactions } = place([
      QUESTION,
      reaction("msg_2", "msg_1", "👍"),
      reaction("msg_3", "msg_1", "🙏", "+15550100100"),
      reaction("msg_4", "msg_1", "❤"),
    ]);
    expect(reactions.get("msg_1")?.map(({ text }) => text)).toEqual(["❤", "🙏"]);
  });

  test("can be taken back", () => {
    const { lines, reactions } = place([
      QUESTION,
      reaction("msg_2", "msg_1", "👍"),
      reaction("msg_3", "msg_1", null),
    ]);
    expect(lines).toEqual([QUESTION]);
    expect(reactions.get("msg_1")).toEqual([]);
  });

  test("stay lines while what they are about is not known", () => {
    const lonely = [reaction("msg_2", null, "👍"), reaction("msg_3", "msg_0", "👍")];
    expect(place(lonely).lines).toEqual(lonely);
  });
});

function reaction(id: string, to: string | null, text: string | null, address = "+15550100111"): Message {
  return madeMessage(id, { kind: "reaction", text, reply_to_id: to, from: { name: null, address } });
}
