import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { score } from "./fuzzy";

describe("what was typed", () => {
  test.each([
    ["", "Anything"],
    ["gts", "Go to settings"],
    ["settings", "Go to settings"],
    ["GO SET", "Go to settings"],
    ["abc", "axb c b"],
    ["ubersicht", "Übersicht"],
  ])("%j finds %j", (typed, text) => {
    expect(score(typed, text)).not.toBe(null);
  });

  test.each([
    ["sg", "Go to settings now"],
    ["settingss", "Go to settings"],
    ["x", ""],
  ])("%j does not always find %j", (typed, text) => {
    expect(score(typed, text) ?? -1).toBeLessThan(score("sett", "Settings") ?? 0);
  });

  test("fits better at the start of words, together, and early", () => {
    const better = (typed: string, a: string, b: string) => {
      expect(score(typed, a) ?? -1).toBeGreaterThan(score(typed, b) ?? -1);
    };
    better("gi", "Go to inbox", "Assign it");
    better("set", "Settings", "Show every template");
    better("in", "Inbox", "Assign");
    better("re", "Resolve", "Mark as read");
  });

  test("finds every text by any of its letters in order, and nothing by a letter that it lacks", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z ]{1,30}$/u), fc.array(fc.boolean()), (text, kept) => {
        const typed = Array.from(text)
          .filter((_, index) => kept[index])
          .join("");
        expect(score(typed, text)).not.toBe(null);
        expect(score(`${typed}9`, text)).toBe(null);
      }),
    );
  });
});
