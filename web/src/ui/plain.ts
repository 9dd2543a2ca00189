/**
 * Words that strangers chose, made such that they can't pass for something else.
 *
 * Characters that turn the direction of what follows (Unicode Standard Annex #9) let a name end otherwise than it
 * seems to; invisible ones let it look like another, or like none.
 */

/** Embeddings, overrides, isolates, and the marks that only weigh on their surroundings. */
const TURNING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
/** Not the joiners, variation selectors and tags: scripts and emoji are written with them. */
const INVISIBLE = /[\p{Cc}\u00ad\u115f\u1160\u180e\u200b\u2060-\u2064\u3164\ufeff\uffa0]/gu;
const NOTHING_TO_SEE = /^[\p{White_Space}\p{Default_Ignorable_Code_Point}]*$/u;
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/u;

/** As many characters of a name as somebody still reads. */
const LONGEST = 200;

/** A name without what turns or hides; null where nothing of it is to be seen. */
export function plainName(name: string | null | undefined): string | null {
  const whole = name ?? "";
  const told =
    whole.length > LONGEST ? `${whole.slice(0, LONGEST).replace(/[\ud800-\udbff]$/u, "")}…` : whole;
  const plain = told
    .replace(TURNING, "")
    .replace(/[\t\n\r]+/gu, " ")
    .replace(INVISIBLE, "")
    .trim();
  return NOTHING_TO_SEE.test(plain) ? null : plain;
}

/** A text with a mark in place of each character that would turn the direction. */
export function marked(text: string): string {
  return text.replace(TURNING, "\ufffd");
}

/** A name as a part of a sentence, whose order it leaves alone. */
export function within(name: string): string {
  return RIGHT_TO_LEFT.test(name) ? `\u2068${name}\u2069` : name;
}
