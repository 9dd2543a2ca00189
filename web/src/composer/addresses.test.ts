import { describe, expect, test } from "vitest";
import { madeMessage } from "../../tests/made";
import { apart, isAddress, joined, othersOf } from "./addresses";

describe("addresses", () => {
  test.each([
    ["jo@example.org", ["jo@example.org"]],
    [" jo@example.org; kim@example.org,", ["jo@example.org", "kim@example.org"]],
    ["Jane Doe <jane@example.org>, jo@example.org kim", ["jane@example.org", "jo@example.org", "kim"]],
    ["<>", []],
    ["", []],
  ])("%j are taken apart", (written, expected) => {
    expect(apart(written)).toEqual(expected);
  });

  test.each([
    ["jo@example.org", true],
    ["jo", false],
    ["jo@", false],
    ["jo@example.org,", false],
    ["j o@example.org", false],
    [`${"x".repeat(250)}@example.org`, false],
  ])("%j is one: %s", (text, expected) => {
    expect(isAddress(text)).toBe(expected);
  });

  test("stand in a list once, however they are written", () => {
    expect(joined(["jo@example.org"], ["Jo@Example.org", "kim@example.org"])).toEqual([
      "jo@example.org",
      "kim@example.org",
    ]);
  });

  test("of everybody else who got a mail are found", () => {
    const mail = madeMessage("msg_1", {
      from: { name: "Jane Doe", address: "jane@example.org" },
      to: ["Support@shop.test", "undisclosed", "jo@example.org"],
      mail: {
        cc: [
          { name: "Kim", address: "kim@example.org" },
          { name: null, address: "JANE@example.org" },
        ],
        message_id: null,
        from_verified: null,
        auto: null,
      },
    });
    expect(othersOf(mail, ["support@shop.test"])).toEqual(["jo@example.org", "kim@example.org"]);
  });
});
