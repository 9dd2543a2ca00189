/** Which events an endpoint gets: types and wildcards, chosen one by one or in groups. */

export const EVERYTHING = "*";

/** Whether a pattern covers a type; `*` stands for anything, dots included. */
export function covers(pattern: string, type: string): boolean {
  const parts = pattern.split("*").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/gu, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "u").test(type);
}

/** What a type is about: `message` of `message.created`. */
export function groupOf(type: string): string {
  return type.split(".", 1)[0] ?? type;
}

/** Types by what they are about, both in the order of the alphabet. */
export function grouped<Typed extends { readonly type: string }>(
  types: readonly Typed[],
): readonly (readonly [group: string, types: readonly Typed[]])[] {
  const groups = new Map<string, Typed[]>();
  for (const one of [...types].sort((a, b) => (a.type < b.type ? -1 : 1))) {
    const group = groupOf(one.type);
    groups.set(group, [...(groups.get(group) ?? []), one]);
  }
  return [...groups];
}

/** Patterns with one more, or without it. A group takes the place of its single types. */
export function choose(chosen: readonly string[], pattern: string, wanted: boolean): readonly string[] {
  if (!wanted) return chosen.filter((one) => one !== pattern);
  const rest = pattern.endsWith("*") ? chosen.filter((one) => !covers(pattern, one)) : chosen;
  return [...rest.filter((one) => one !== pattern), pattern];
}
