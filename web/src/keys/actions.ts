/**
 * Everything that can be done by key or from the palette: one registry, from which the palette, the
 * keys themselves and the sheet of keys are made.
 *
 * A feature registers its actions once, in a file that `keys/all.ts` imports:
 *
 *     register(
 *       {
 *         id: "conversation.resolve",          // never changes: what was used lately is remembered by it
 *         group: "conversation",               // the heading in the sheet and the palette
 *         words: () => words.desk.resolve,     // asked while drawing
 *         keys: "e",                           // "e", "g i" for one after the other, "mod+k" for Ctrl or ⌘; or none
 *         icon: CircleCheck,
 *         when: () => openConversation() !== null && may("conversations.write"),
 *         run: () => resolve(),
 *       },
 *     );
 *
 * `when` is asked at the moment of the key and while the palette is drawn (it may read signals). Where
 * it is false the key does nothing and the palette leaves the action out; the sheet shows it always.
 * Two actions may have the same key if they never apply at once; the first that applies runs.
 * `run` may open a dialog or a menu: the palette is closed and focus is back in the page before it runs.
 * Keys don't act while somebody types (but for `whileTyping`), nor while a dialog or a menu is open.
 */

import { signal } from "@preact/signals";
import type { IconNode } from "lucide";

export type ActionGroup = "go" | "list" | "conversation" | "page";

export const ACTION_GROUPS: readonly ActionGroup[] = ["list", "conversation", "go", "page"];

export interface Action {
  readonly id: string;
  readonly group: ActionGroup;
  readonly words: () => string;
  readonly keys?: string;
  readonly icon?: IconNode;
  readonly when?: () => boolean;
  readonly run: () => void;
  /** Its key works while somebody types, too. */
  readonly whileTyping?: boolean;
  /** Not offered in the palette: it makes no sense there. */
  readonly keyOnly?: boolean;
}

/** All actions, in the order they were registered in. */
export const actions = signal<readonly Action[]>([]);

/** Add actions. One with an id that is taken is a mistake. */
export function register(...added: readonly Action[]): void {
  const known = actions.peek();
  for (const { id } of added) {
    if (known.some((one) => one.id === id)) throw new Error(`there is an action ${id} already`);
  }
  actions.value = [...known, ...added];
}

export function applies(action: Action): boolean {
  return action.when?.() ?? true;
}

/** The action of a key that applies now. */
export function actionFor(keys: string): Action | null {
  return actions.peek().find((one) => one.keys === keys && applies(one)) ?? null;
}

/** Whether some key sequence begins so and goes on. */
export function isPrefix(keys: string): boolean {
  return actions.peek().some((one) => one.keys?.startsWith(`${keys} `) === true);
}
