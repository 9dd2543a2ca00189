/** Initials on a ground whose hue comes from an id, so that it is the same everywhere. */

import type { ComponentChildren } from "preact";
import "./avatar.css";

interface AvatarProps {
  readonly id: string;
  readonly name: string;
  readonly large?: boolean;
  readonly children?: ComponentChildren;
}

export function Avatar({ id, name, large = false, children }: AvatarProps) {
  return (
    <span class={large ? "avatar large" : "avatar"} style={{ "--hue": hue(id) }} aria-hidden>
      <span class="initials">{initials(name)}</span>
      {children}
    </span>
  );
}

/** Degrees on the colour wheel, spread evenly over ids (FNV-1a). */
export function hue(id: string): number {
  let hash = 0x811c9dc5;
  for (const character of id) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return (hash >>> 0) % 360;
}

/** First letters of the first and last word; the last two digits of a bare number. */
export function initials(name: string): string {
  const words = name.split(/[\s._@-]+/u).filter((word) => /\p{L}/u.test(word));
  const first = words[0];
  if (first === undefined) return name.replace(/\D/gu, "").slice(-2) || "?";
  const last = name.includes("@") ? undefined : words.at(-1);
  const letters = last === undefined || last === first ? [first] : [first, last];
  return letters.map(firstLetter).join("").toLocaleUpperCase();
}

function firstLetter(word: string): string {
  return /\p{L}/u.exec(word)?.[0] ?? "";
}
