/** Keys that work anywhere on the page, except while somebody types or a dialog is open. */

import { moveTo, openChosen } from "../list/choice";
import { closeConversation, go, openId, route } from "../route";
import { detailsOpen, foldDrawer, isBeside, toggleDetails } from "./details";
import { sheetOpen } from "./sheet";

type Action = () => void;

const PREFIX_LASTS = 1200;

const KEYS: Readonly<Record<string, Action>> = {
  j: () => {
    moveTo(1);
  },
  k: () => {
    moveTo(-1);
  },
  Enter: openChosen,
  Escape: leave,
  ".": () => {
    if (openId.peek() !== null) toggleDetails();
  },
  "?": () => {
    sheetOpen.value = true;
  },
};

const AFTER_G: Readonly<Record<string, Action>> = {
  i: () => {
    go({ page: "inbox", view: "open", conversation: null });
  },
  a: () => {
    go({ page: "inbox", view: "all", conversation: null });
  },
  s: () => {
    go({ page: "settings", conversation: null, place: "" });
  },
};

export function watchKeys(): () => void {
  let prefixedAt = -Infinity;
  const press = (event: KeyboardEvent) => {
    if (isElsewhere(event)) return;
    const prefixed = event.timeStamp - prefixedAt < PREFIX_LASTS;
    prefixedAt = event.key === "g" ? event.timeStamp : -Infinity;
    const action = (prefixed ? AFTER_G[event.key] : undefined) ?? KEYS[event.key];
    if (action === undefined) return;
    event.preventDefault();
    action();
  };
  addEventListener("keydown", press);
  return () => {
    removeEventListener("keydown", press);
  };
}

function isElsewhere(event: KeyboardEvent): boolean {
  if (route.peek().page === "login" || event.ctrlKey || event.metaKey || event.altKey) return true;
  const target = event.target instanceof Element ? event.target : null;
  if (target === null) return false;
  if (target.closest("input, textarea, select, dialog, [role=menu]") !== null) return true;
  // Enter belongs to whatever button or link has the focus.
  return event.key === "Enter" && target.closest("a, button") !== null;
}

function leave(): void {
  if (detailsOpen.peek() && !isBeside()) foldDrawer();
  else if (openId.peek() !== null) closeConversation();
}
