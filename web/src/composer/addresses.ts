/** Mail addresses as people write them: one after the other, with names or without. */

import type { Message } from "../model/types";

const SIGNS = '\\s@<>"(),:;';
const ADDRESS = new RegExp(`^[^${SIGNS}]+@[^${SIGNS}]+$`, "u");
const NAMED = /<([^<>]*)>/u;
const LONGEST = 254;

export function isAddress(text: string): boolean {
  return text.length <= LONGEST && ADDRESS.test(text);
}

/** What was typed or pasted, apart; of `Jane Doe <jane@example.org>` the address. */
export function apart(text: string): readonly string[] {
  return text.split(/[,;\n]/u).flatMap((piece) => {
    const named = NAMED.exec(piece)?.[1];
    return named === undefined ? piece.split(/\s+/u).filter(Boolean) : [named.trim()].filter(Boolean);
  });
}

/** A list with more addresses at its end, each once. */
export function joined(before: readonly string[], more: readonly string[]): readonly string[] {
  const all = [...before];
  for (const one of more) {
    if (!all.some((other) => other.toLowerCase() === one.toLowerCase())) all.push(one);
  }
  return all;
}

/** Who else was written to by a mail, beside its sender and those whose addresses are known here. */
export function othersOf(mail: Message, known: readonly string[]): readonly string[] {
  const all = joined([], [...mail.to, ...(mail.mail?.cc ?? []).map(({ address }) => address)]);
  const without = [mail.from.address, ...known].map((one) => one.toLowerCase());
  return all.filter((one) => isAddress(one) && !without.includes(one.toLowerCase()));
}
