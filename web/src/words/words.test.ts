import { afterEach, describe, expect, test } from "vitest";
import { chooseLanguage, locale, preferred, startWords, words } from ".";
import { clockTime, dayLabel, duration, relative } from "../ui/time";
import { fileSize } from "../ui/size";
import { de } from "./de";
import { en } from "./en";

/** Texts that are the same in both languages, and rightly so. */
const SAME = new Set(
  "Postgate WhatsApp SMS Video Sticker Name Team Teams Webhook Webhooks Orange Text Code Online URL s".split(
    " ",
  ),
);
const SAMPLES = ["71", "72", "73"] as const;
const ENGLISH = /\b(?:the|and|you|your|is|are|this|that|with|were|of|from|could|cannot|they|which)\b/iu;
const GERMAN = /\b(?:der|die|das|und|ist|sind|nicht|wird|werden|eine?|noch)\b/iu;

type Texts = ReadonlyMap<string, string>;

const english = textsOf(en);
const german = textsOf(de);

describe("both languages", () => {
  test("say the same things", () => {
    expect([...german.keys()].sort()).toEqual([...english.keys()].sort());
    expect(english.size).toBeGreaterThan(150);
  });

  test.each([
    ["English", english],
    ["German", german],
  ])("leave nothing unsaid: %s", (_name, texts) => {
    expect([...texts].filter(([, text]) => text.trim() === "")).toEqual([]);
  });

  test("put the same values into their texts", () => {
    const used = (texts: Texts) => [...texts].map(([key, text]) => [key, samplesIn(text)]);
    expect(Object.fromEntries(used(german))).toEqual(Object.fromEntries(used(english)));
  });

  test("German is German, English is English", () => {
    expect([...german].filter(([, text]) => ENGLISH.test(text.replace(/„[^“]*“/gu, "")))).toEqual([]);
    expect([...english].filter(([, text]) => GERMAN.test(text.replace(/“[^”]*”/gu, "")))).toEqual([]);
    const untranslated = [...german].filter(([key, text]) => english.get(key) === text && !isSame(text));
    expect(untranslated).toEqual([]);
  });

  test("end their texts alike", () => {
    const sentences = (texts: Texts) =>
      [...texts]
        .filter(([key]) => !key.startsWith("time."))
        .map(([key, text]) => [key, /[.…:?]$/u.exec(text)?.[0]]);
    expect(Object.fromEntries(sentences(german))).toEqual(Object.fromEntries(sentences(english)));
    expect([...english, ...german].filter(([, text]) => text.includes("!"))).toEqual([]);
  });
});

describe("the language", () => {
  afterEach(async () => {
    await chooseLanguage("en");
    localStorage.clear();
  });

  test.each([
    [["de-AT", "en"], "de"],
    [["fr-FR", "de", "en"], "de"],
    [["en-US", "de"], "en"],
    [["fr", "nl"], "en"],
    [["den-CA"], "en"],
    [[], "en"],
  ])("of a browser that wants %j is %s", (wanted, expected) => {
    expect(preferred(wanted)).toBe(expected);
  });

  test("changes words, dates, numbers and the document, and is remembered", async () => {
    const present = Date.parse("2026-06-15T12:00:00Z");
    await chooseLanguage("de");
    expect(words.statuses.resolved).toBe("Erledigt");
    expect(document.documentElement.lang).toBe("de");
    expect(locale.value).toBe("de-DE");
    expect(dayLabel("2026-06-12T10:00:00Z", present)).toBe("Freitag, 12. Juni");
    expect(relative("2026-06-12T10:00:00Z", present)).toBe("12. Juni");
    expect(clockTime("2026-06-12T10:00:00Z")).toMatch(/^\d\d:\d\d$/u);
    expect(duration(3 * 60_000)).toBe("3 Min.");
    expect(duration(400)).toBe("0,4 s");
    expect(fileSize(3_400_000)).toBe("3,4 MB");
    expect(words.live.many(12_000)).toBe("12.000 neue Nachrichten");
    expect(words.settings.testNotOk(1)).toBe("Etwas stimmt nicht.");
    expect(words.settings.testNotOk(2)).toBe("2 Dinge stimmen nicht.");
    await chooseLanguage("en");
    expect(words.live.many(12_000)).toBe("12,000 new messages");
    expect(document.documentElement.lang).toBe("en");
    await chooseLanguage("de");
    await startWords();
    expect(words.statuses.resolved).toBe("Erledigt");
  });
});

/** Every text by its path, functions with samples in place of their values: a text that is a number will do for both. */
function textsOf(value: unknown, path = "", texts = new Map<string, string>()): Texts {
  if (typeof value === "function") {
    const say = value as (...values: readonly string[]) => string;
    texts.set(path, say(...SAMPLES));
    texts.set(`${path} (one)`, say("1", ...SAMPLES.slice(1)));
  } else if (typeof value === "string") texts.set(path, value);
  else {
    for (const [key, inner] of Object.entries(value as object)) {
      textsOf(inner, path === "" ? key : `${path}.${key}`, texts);
    }
  }
  return texts;
}

/** Whether what is left without the samples is the same in both languages. */
function isSame(text: string): boolean {
  return text.split(/\P{L}+/u).every((word) => word === "" || SAME.has(word));
}

function samplesIn(text: string): readonly string[] {
  return SAMPLES.filter((sample) => text.includes(sample));
}
