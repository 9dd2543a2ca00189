import { describe, expect, test } from "vitest";
import { formatAddress } from "../list/names";
import { hue, initials } from "./avatar";
import { fileSize } from "./size";

describe("initials", () => {
  test.each([
    ["Maya Lindqvist", "ML"],
    ["Ana Maria de la Cruz", "AC"],
    ["étienne", "É"],
    ["jane.doe@example.org", "J"],
    ["+15550100142", "42"],
    ["李 小龙", "李小"],
    ["", "?"],
  ])("of %j", (name, expected) => {
    expect(initials(name)).toBe(expected);
  });

  test("stand on a hue that depends on the id alone", () => {
    expect(hue("cus_1")).toBe(hue("cus_1"));
    expect(hue("cus_1")).not.toBe(hue("cus_2"));
  });
});

describe("file sizes", () => {
  test.each([
    [0, "0 B"],
    [999, "999 B"],
    [1_200, "1.2 kB"],
    [48_213, "48 kB"],
    [999_600, "1.0 MB"],
    [3_400_000_000, "3.4 GB"],
  ])("%d bytes", (bytes, expected) => {
    expect(fileSize(bytes)).toBe(expected);
  });
});

describe("addresses", () => {
  test.each([
    ["+15550100142", "+1 555 010 0142"],
    ["+49015550100", "+49 015 550 100"],
    ["jane@example.org", "jane@example.org"],
    ["12345", "12345"],
  ])("%s", (address, expected) => {
    expect(formatAddress(address)).toBe(expected);
  });
});
