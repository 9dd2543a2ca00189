import { describe, expect, test } from "vitest";
import { segments } from "./segments";

describe("the parts of an SMS", () => {
  test.each([
    ["", "GSM-7", 0, 0, 160],
    ["a".repeat(160), "GSM-7", 160, 1, 0],
    ["a".repeat(161), "GSM-7", 161, 2, 145],
    ["a".repeat(306), "GSM-7", 306, 2, 0],
    ["a".repeat(307), "GSM-7", 307, 3, 152],
    ["€".repeat(80), "GSM-7", 160, 1, 0],
    [`${"a".repeat(152)}€${"a".repeat(8)}`, "GSM-7", 162, 2, 143],
    ["ä ö ü ß", "GSM-7", 7, 1, 153],
    ["ç", "UCS-2", 1, 1, 69],
    ["ж".repeat(70), "UCS-2", 70, 1, 0],
    ["ж".repeat(71), "UCS-2", 71, 2, 63],
    ["🙏".repeat(35), "UCS-2", 70, 1, 0],
    ["🙏".repeat(36), "UCS-2", 72, 2, 61],
  ] as const)("%#: of %j", (text, encoding, units, count, left) => {
    expect(segments(text)).toEqual({ encoding, units, count, left });
  });

  // An emoji is two units and never parted: 33 of them fill a part of 67 with one unit to spare.
  test("never part a character", () => {
    expect(segments("🙏".repeat(67))).toMatchObject({ count: 3, left: 65 });
  });
});
