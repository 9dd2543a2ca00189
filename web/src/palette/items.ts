/** What the palette offers: every action that applies now, and every view. */

import type { IconNode } from "lucide";
import { actions, applies, type ActionGroup } from "../keys/actions";
import { go, type View } from "../route";
import { viewIcon, viewName } from "../shell/views";
import { words } from "../words";
import { labels, teams, views } from "../workspace";
import { score } from "./fuzzy";

export interface Item {
  readonly id: string;
  readonly name: string;
  readonly group: ActionGroup;
  readonly icon?: IconNode;
  readonly keys?: string;
  readonly run: () => void;
}

/** The other standing views are actions, with a key. */
const WITHOUT_KEY: readonly View[] = ["mentions", "pending", "snoozed", "resolved"];
const KEY = "postgate.palette";
const REMEMBERED = 8;

/** All of them, by what was typed; without it, what was used lately comes first. */
export function itemsFor(typed: string): readonly Item[] {
  const recent = recall();
  const age = (id: string) => (recent.includes(id) ? recent.indexOf(id) : REMEMBERED);
  return allItems()
    .map((item, index) => ({ item, index, fit: score(typed, item.name) }))
    .filter((one): one is typeof one & { fit: number } => one.fit !== null)
    .sort((a, b) => b.fit - a.fit || age(a.item.id) - age(b.item.id) || a.index - b.index)
    .map((one) => one.item);
}

/** Put an item at the head of those that were used lately. */
export function remember(id: string): void {
  const next = [id, ...recall().filter((other) => other !== id)].slice(0, REMEMBERED);
  try {
    localStorage.setItem(KEY, JSON.stringify(next));
  } catch {
    return; // storage may be closed to us: nothing is remembered then
  }
}

function recall(): readonly string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter((one) => typeof one === "string") : [];
  } catch {
    return []; // closed to us, or not what we wrote
  }
}

function allItems(): readonly Item[] {
  const offered = actions.value.filter((one) => one.keyOnly !== true && applies(one));
  const kept = [...views.value, ...teams.value, ...labels.value].map((one) => one.id as View);
  const places = [...WITHOUT_KEY, ...kept].map(viewItem);
  return [...offered.map((one) => ({ ...one, name: one.words() })), ...places];
}

function viewItem(view: View): Item {
  return {
    id: view,
    name: words.palette.goTo(viewName(view)),
    group: "go",
    icon: viewIcon(view),
    run: () => {
      go({ page: "inbox", view, conversation: null });
    },
  };
}
