/** What is being looked for while writing: a canned reply behind `/`, a person behind `@` in a note. */

import type { CannedReply, Member } from "../model/shared";

export interface Lookup {
  readonly kind: "canned" | "mention";
  readonly query: string;
  /** Where its sign stands in the text. */
  readonly from: number;
}

const CANNED = /(?:^|\s)\/([\p{L}\p{N}_-]{0,40})$/u;
const MENTION = /(?:^|[\s(])@([\p{L}\p{N}._-]{0,40})$/u;
const MOST = 8;

/** What the text before the caret looks for; null when it is only text. */
export function lookupAt(text: string, caret: number, mode: "reply" | "note"): Lookup | null {
  const before = text.slice(0, caret);
  const found = (mode === "reply" ? CANNED : MENTION).exec(before);
  if (found === null) return null;
  const query = found[1] ?? "";
  return { kind: mode === "reply" ? "canned" : "mention", query, from: caret - query.length - 1 };
}

/** Those that fit, shortcuts that begin so first. */
export function cannedFor(query: string, all: readonly CannedReply[]): readonly CannedReply[] {
  const wanted = query.toLowerCase();
  const begins = all.filter(({ shortcut }) => shortcut.startsWith(wanted));
  const holds = all.filter((one) => !begins.includes(one) && one.name.toLowerCase().includes(wanted));
  return [...begins, ...holds].slice(0, MOST);
}

export function membersFor(query: string, all: readonly Member[]): readonly Member[] {
  const wanted = query.toLowerCase();
  const fits = ({ name, email }: Member) =>
    [...(name ?? "").split(/\s+/u), email].some((part) => part.toLowerCase().startsWith(wanted));
  return all.filter(fits).slice(0, MOST);
}

/** What stands for a member in a note. */
export function mentionOf(member: Member): string {
  return `@${member.name ?? member.email}`;
}

/** Which members a note calls. */
export function mentionedIn(text: string, all: readonly Member[]): readonly string[] {
  return all.filter((one) => text.includes(mentionOf(one))).map(({ id }) => id);
}

/** A text with what was looked for replaced, and where the caret stands then. */
export function replaced(
  text: string,
  { from, query }: Lookup,
  by: string,
): { readonly text: string; readonly caret: number } {
  const start = text.slice(0, from) + by;
  return { text: start + text.slice(from + 1 + query.length), caret: start.length };
}
