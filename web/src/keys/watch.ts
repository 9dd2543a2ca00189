/** Turning what is pressed into actions, anywhere on the page. */

import { route } from "../route";
import { actionFor, isPrefix } from "./actions";

const PREFIX_LASTS = 1200;

export function watchKeys(): () => void {
  let before = "";
  let pressedAt = -Infinity;
  const press = (event: KeyboardEvent) => {
    const key = nameOf(event);
    if (key === null || event.defaultPrevented || route.peek().page === "login" || isInLayer(event)) return;
    const prefix = event.timeStamp - pressedAt < PREFIX_LASTS ? before : "";
    before = "";
    const action = (prefix === "" ? null : actionFor(`${prefix} ${key}`)) ?? actionFor(key);
    if (isTyping(event) && action?.whileTyping !== true) return;
    if (action === null && isPrefix(key)) {
      [before, pressedAt] = [key, event.timeStamp];
      return;
    }
    if (action === null) return;
    event.preventDefault();
    action.run();
  };
  addEventListener("keydown", press);
  return () => {
    removeEventListener("keydown", press);
  };
}

/** "j", "?", "Enter", "mod+k"; null for what belongs to the browser or to an input method. */
function nameOf(event: KeyboardEvent): string | null {
  if (event.altKey || event.isComposing) return null;
  return event.ctrlKey || event.metaKey ? `mod+${event.key.toLowerCase()}` : event.key;
}

// A dialog or a menu has the keyboard to itself: a dialog also while nothing in it has the focus, which the
// browser takes from a button that goes away under it.
function isInLayer(event: KeyboardEvent): boolean {
  if (document.querySelector("dialog[open]") !== null) return true;
  return event.target instanceof Element && event.target.closest("[role=menu]") !== null;
}

function isTyping(event: KeyboardEvent): boolean {
  const target = event.target instanceof HTMLElement ? event.target : null;
  if (target === null) return false;
  if (target.closest("input, textarea, select, [contenteditable=true]") !== null) return true;
  // Enter and space belong to whatever button or link has the focus.
  return (event.key === "Enter" || event.key === " ") && target.closest("a, button, summary") !== null;
}
