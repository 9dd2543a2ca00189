/**
 * Every text the page says, in the chosen language.
 *
 * Read `words` while drawing (or in a `computed`), not when a module is loaded: who
 * reads it then is drawn anew when somebody switches the language.
 */

import { computed, effect, signal } from "@preact/signals";
import { en, type Words } from "./en";

export type { Words } from "./en";
export type Language = "en" | "de";

export const LANGUAGES: readonly Language[] = ["en", "de"];

/** What each language calls itself. */
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { en: "English", de: "Deutsch" };

interface Spoken {
  readonly language: Language;
  readonly words: Words;
}

const LOCALES: Readonly<Record<Language, string>> = { en: "en-GB", de: "de-DE" };
const KEY = "postgate.language";

const spoken = signal<Spoken>({ language: "en", words: en });

export const language = computed(() => spoken.value.language);

/** For dates and numbers. */
export const locale = computed(() => LOCALES[spoken.value.language]);

export const words: Words = new Proxy(en, {
  get: (_, key) => spoken.value.words[key as keyof Words],
});

effect(() => {
  document.documentElement.lang = language.value;
});

/** Speak the language that was chosen, else the browser's. Rejects when its words can't be fetched. */
export function startWords(): Promise<void> {
  return speak(recall() ?? preferred(navigator.languages));
}

/** Switch the language, and keep the choice. Rejects when its words can't be fetched. */
export async function chooseLanguage(next: Language): Promise<void> {
  await speak(next);
  try {
    localStorage.setItem(KEY, next);
  } catch {
    return; // storage may be closed to us: the choice then lasts as long as the page
  }
}

/** The first language that both sides speak; English when there is none. */
export function preferred(wanted: readonly string[]): Language {
  const known = wanted.map((tag) => LANGUAGES.find((one) => tag.toLowerCase().split("-")[0] === one));
  return known.find((one) => one !== undefined) ?? "en";
}

// Only English comes with the page itself: the others are fetched by whoever reads them.
async function speak(next: Language): Promise<void> {
  spoken.value = { language: next, words: next === "en" ? en : (await import("./de")).de };
}

function recall(): Language | undefined {
  try {
    const kept = localStorage.getItem(KEY);
    return LANGUAGES.find((one) => one === kept);
  } catch {
    return undefined; // storage may be closed to us
  }
}
