import { describe, expect, test } from "vitest";
import type { CannedReply, Member } from "../model/shared";
import { cannedFor, lookupAt, membersFor, mentionedIn, replaced } from "./suggest";

const MEMBERS = [
  madeMember("usr_1", "Ada Okoro"),
  madeMember("usr_2", "Ben Adler"),
  madeMember("usr_3", null),
];
const CANNED = [
  madeReply("hi", "Greeting"),
  madeReply("hours", "Opening hours"),
  madeReply("bye", "Say hi later"),
];

describe("what is looked for", () => {
  test.each([
    ["/", 1, "reply", { kind: "canned", query: "", from: 0 }],
    ["Hello /ho", 9, "reply", { kind: "canned", query: "ho", from: 6 }],
    ["and/or", 6, "reply", null],
    ["/ho and more", 12, "reply", null],
    ["/ho", 3, "note", null],
    ["ask @ad", 7, "note", { kind: "mention", query: "ad", from: 4 }],
    ["(@ad", 4, "note", { kind: "mention", query: "ad", from: 1 }],
    ["a@example", 9, "note", null],
    ["@ad", 3, "reply", null],
  ] as const)("in %j at %d of a %s", (text, caret, mode, expected) => {
    expect(lookupAt(text, caret, mode)).toEqual(expected);
  });

  test("is found by shortcut before name", () => {
    expect(cannedFor("hi", CANNED).map(({ shortcut }) => shortcut)).toEqual(["hi", "bye"]);
    expect(cannedFor("h", CANNED).map(({ shortcut }) => shortcut)).toEqual(["hi", "hours", "bye"]);
    expect(membersFor("ad", MEMBERS).map(({ id }) => id)).toEqual(["usr_1", "usr_2"]);
    expect(membersFor("usr_3", MEMBERS).map(({ id }) => id)).toEqual(["usr_3"]);
  });

  test("is replaced where it stands", () => {
    const found = lookupAt("Dear /hi all", 8, "reply");
    expect(found).not.toBeNull();
    if (found === null) return;
    expect(replaced("Dear /hi all", found, "Good morning")).toEqual({
      text: "Dear Good morning all",
      caret: 17,
    });
  });

  test("calls whom a note names", () => {
    expect(mentionedIn("@Ada Okoro please, and @usr_3@example.org", MEMBERS)).toEqual(["usr_1", "usr_3"]);
  });
});

function madeMember(id: string, name: string | null): Member {
  return {
    id,
    name,
    email: `${id}@example.org`,
    role: "operator",
    extra_permissions: [],
    status: "active",
    availability: "online",
    created_at: "2026-01-01T09:00:00.000Z",
    updated_at: "2026-01-01T09:00:00.000Z",
  };
}

function madeReply(shortcut: string, name: string): CannedReply {
  return {
    id: `can_${shortcut}`,
    owner_id: null,
    shortcut,
    name,
    text: name,
    updated_at: "2026-01-01T09:00:00.000Z",
    deleted_at: null,
  };
}
