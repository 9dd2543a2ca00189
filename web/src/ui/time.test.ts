import { describe, expect, test } from "vitest";
import { ago, dayLabel, duration, relative } from "./time";

const PRESENT = new Date(2026, 5, 15, 12, 0, 0).getTime();
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe("relative time", () => {
  test.each([
    ["the future, from a clock that runs ahead", -5 * SECOND, "now"],
    ["this moment", 0, "now"],
    ["just under a minute", 59 * SECOND, "now"],
    ["a minute", MINUTE, "1 min"],
    ["just under an hour", HOUR - 1, "59 min"],
    ["an hour", HOUR, "1 h"],
    ["just under a day", DAY - 1, "23 h"],
    ["a day", DAY, "14 Jun"],
    ["another year", 200 * DAY, "27 Nov 2025"],
  ])("%s", (_name, age, expected) => {
    expect(relative(before(age), PRESENT)).toBe(expected);
  });

  test("reads well in a sentence", () => {
    expect(ago(before(10), PRESENT)).toBe("just now");
    expect(ago(before(3 * MINUTE), PRESENT)).toBe("3 min ago");
    expect(ago(before(3 * DAY), PRESENT)).toBe("12 Jun");
  });
});

describe("day labels", () => {
  test.each([
    ["an hour ago", HOUR, "Today"],
    ["last night", 13 * HOUR, "Yesterday"],
    ["the day before", 37 * HOUR, "Saturday 13 June"],
    ["last year", 200 * DAY, "Thursday 27 November 2025"],
  ])("%s", (_name, age, expected) => {
    expect(dayLabel(before(age), PRESENT)).toBe(expected);
  });
});

describe("lengths of time", () => {
  test.each([
    [-200, "0.0 s"],
    [400, "0.4 s"],
    [9_949, "9.9 s"],
    [12_400, "12 s"],
    [3 * MINUTE, "3 min"],
    [26 * HOUR, "26 h"],
    [3 * DAY, "3 d"],
  ])("%d ms", (length, expected) => {
    expect(duration(length)).toBe(expected);
  });
});

function before(age: number): string {
  return new Date(PRESENT - age).toISOString();
}
