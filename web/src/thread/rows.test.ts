import { describe, expect, test } from "vitest";
import { at, madeMessage } from "../../tests/made";
import type { Message } from "../model/types";
import { firstOfUnread, layOut } from "./rows";

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;

describe("grouping", () => {
  test("joins one author's messages within five minutes", () => {
    expect(groups([message("a", 0), message("b", 5 * MINUTE), message("c", 10 * MINUTE + 1)])).toEqual([
      ["a", "b"],
      ["c"],
    ]);
  });

  test("parts authors", () => {
    const ours = message("b", 10, { direction: "outbound", from: { name: null, address: "+15550100100" } });
    expect(groups([message("a", 0), ours, message("c", 20)])).toEqual([["a"], ["b"], ["c"]]);
  });

  test("parts colleagues who write from one number", () => {
    const by = (id: string, author: string) => message(id, 0, { direction: "outbound", author_id: author });
    expect(groups([by("a", "usr_1"), by("b", "usr_1"), by("c", "usr_2")])).toEqual([["a", "b"], ["c"]]);
  });

  test("parts days, each under its own line", () => {
    const rows = layOut([message("a", 0), message("b", DAY)], null);
    expect(rows.map((row) => row.kind)).toEqual(["day", "group", "day", "group"]);
  });

  test("parts what has been read from what has not", () => {
    const rows = layOut([message("a", 0), message("b", 10), message("c", 20)], "b");
    expect(rows.map((row) => row.kind)).toEqual(["day", "group", "unread", "group"]);
  });

  test("leaves every mail and every reaction by itself", () => {
    const mail = (id: string) => message(id, 0, { channel: "email" });
    expect(groups([mail("a"), mail("b")])).toEqual([["a"], ["b"]]);
    const reaction = message("r", 5, { kind: "reaction", text: "👍" });
    expect(groups([message("a", 0), reaction, message("c", 9)])).toEqual([["a"], ["r"], ["c"]]);
  });

  test("shows nothing for nothing", () => {
    expect(layOut([], null)).toEqual([]);
  });
});

describe("the unread line", () => {
  const ours = message("c", 20, { direction: "outbound" });
  const all = [message("a", 0), message("b", 10), ours, message("d", 30)];

  test.each([
    [0, null],
    [1, "d"],
    [2, "b"],
    [3, "a"],
  ])("with %d unread counts what came in, not what we sent", (count, expected) => {
    expect(firstOfUnread(all, count)).toBe(expected);
  });

  test("goes to the top when more is unread than has been loaded", () => {
    expect(firstOfUnread(all, 90)).toBe("a");
  });
});

function message(id: string, second: number, change: Partial<Message> = {}): Message {
  return madeMessage(id, { occurred_at: at(second), ...change });
}

function groups(messages: readonly Message[]): string[][] {
  return layOut(messages, null).flatMap((row) =>
    row.kind === "group" ? [row.messages.map((one) => one.id)] : [],
  );
}
