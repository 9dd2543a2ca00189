/** Finding a text by some of its letters, in order: "gtc" finds "Go to contacts". */

const START = 8;
const ADJACENT = 10;
const LETTER = 1;
const GAP = 0.1;

/** How well a text fits what was typed: more is better; null: not at all. Case and accents don't count. */
export function score(typed: string, text: string): number | null {
  const wanted = Array.from(plain(typed)).filter((letter) => letter !== " ");
  const letters = Array.from(plain(text));
  let best: number | null = wanted.length === 0 ? 0 : null;
  for (let from = 0; from < letters.length; from += 1) {
    if (letters[from] !== wanted[0]) continue;
    for (const jump of [true, false]) {
      const found = scoreFrom(from, wanted, letters, jump);
      if (found !== null && (best === null || found > best)) best = found;
    }
  }
  return best;
}

/**
 * From one first letter on. With `jump`, a letter that begins a word is taken before a nearer one, which can
 * leave too few letters for the rest.
 */
function scoreFrom(
  from: number,
  wanted: readonly string[],
  letters: readonly string[],
  jump: boolean,
): number | null {
  let total = 0;
  let last = from - 1;
  for (const letter of wanted) {
    const next = letters.indexOf(letter, last + 1);
    if (next < 0) return null;
    const word = jump ? wordStart(letter, letters, last + 1) : -1;
    const at = next === last + 1 || word < 0 ? next : word;
    total += LETTER + (at === last + 1 ? ADJACENT : 0) + (startsWord(letters, at) ? START : 0);
    total -= GAP * (at - last - 1);
    last = at;
  }
  return total - GAP * from;
}

function wordStart(letter: string, letters: readonly string[], from: number): number {
  for (let at = from; at < letters.length; at += 1) {
    if (letters[at] === letter && startsWord(letters, at)) return at;
  }
  return -1;
}

function startsWord(letters: readonly string[], at: number): boolean {
  return at === 0 || /[\s\-/(]/u.test(letters[at - 1] ?? "");
}

function plain(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
