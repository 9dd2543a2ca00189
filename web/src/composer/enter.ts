/** Whether Enter sends: a choice of whoever sits at this browser. */

import { signal } from "@preact/signals";

const KEY = "postgate.enter";

export const enterSends = signal(recall());

export function chooseEnter(sends: boolean): void {
  enterSends.value = sends;
  try {
    localStorage.setItem(KEY, sends ? "sends" : "breaks");
  } catch {
    return; // storage may be closed to us: the choice then lasts as long as the page
  }
}

/** Whether a key press means "send". While an input method composes, Enter belongs to it. */
export function isSend(
  event: Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "metaKey" | "isComposing">,
): boolean {
  if (event.key !== "Enter" || event.isComposing) return false;
  if (event.ctrlKey || event.metaKey) return true;
  return enterSends.peek() && !event.shiftKey;
}

function recall(): boolean {
  try {
    return localStorage.getItem(KEY) !== "breaks";
  } catch {
    return true;
  }
}
