/** A choice that this browser keeps, on or off. */

import { signal, type Signal } from "@preact/signals";

export function keptSwitch(key: string): Signal<boolean> {
  const kept = signal(recall(key));
  kept.subscribe((on) => {
    if (on !== recall(key)) remember(key, on);
  });
  return kept;
}

function recall(key: string): boolean {
  try {
    return localStorage.getItem(key) === "on";
  } catch {
    return false; // storage may be closed to us
  }
}

function remember(key: string, on: boolean): void {
  try {
    localStorage.setItem(key, on ? "on" : "off");
  } catch {
    return; // storage may be closed to us: the choice then lasts as long as the page
  }
}
