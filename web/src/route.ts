/** Where the page is, in its address: the open conversation and the view beside it. */

import { computed, signal } from "@preact/signals";
import type { ConversationId, ConversationStatus } from "./model/types";

export type View = ConversationStatus | "all";

export const VIEWS: readonly View[] = ["open", "pending", "snoozed", "resolved", "all"];

export interface Route {
  readonly page: "inbox" | "login" | "settings";
  readonly conversation: ConversationId | null;
  readonly view: View;
  /** Within the settings: nothing for the list, `new`, `new/PROVIDER`, or a connection's id. */
  readonly place?: string;
}

const FIRST_VIEW: View = "open";
const SETTINGS = "/settings/connections";

export const route = signal<Route>(read(location));
export const view = computed(() => route.value.view);
export const openId = computed(() => route.value.conversation);

/** Follow the browser's back and forward. */
export function watchHistory(): () => void {
  const follow = () => {
    route.value = read(location);
  };
  addEventListener("popstate", follow);
  return () => {
    removeEventListener("popstate", follow);
  };
}

export function go(to: Partial<Route>, how: "push" | "replace" = "push"): void {
  const next = { ...route.peek(), ...to };
  const address = write(next);
  if (address === location.pathname + location.search) return;
  if (how === "push") history.pushState({ inside: true }, "", address);
  else history.replaceState(history.state, "", address);
  route.value = next;
}

/** Leave the conversation: the same as the browser's back button when that leads to the list. */
export function closeConversation(): void {
  go({ conversation: null });
}

export function write({ page, conversation, view, place }: Route): string {
  if (page === "login") return "/login";
  if (page === "settings") return `${SETTINGS}${place ? `/${place}` : ""}`;
  const path = conversation === null ? "/" : `/c/${conversation}`;
  return view === FIRST_VIEW ? path : `${path}?view=${view}`;
}

export function read(place: Pick<Location, "pathname" | "search">): Route {
  const wanted = new URLSearchParams(place.search).get("view");
  const view = VIEWS.find((known) => known === wanted) ?? FIRST_VIEW;
  if (place.pathname === "/settings" || place.pathname.startsWith(SETTINGS)) {
    const inside = /^\/(new|new\/[a-z0-9_]+|int_[0-9a-f]+)$/u.exec(place.pathname.slice(SETTINGS.length));
    return { page: "settings", conversation: null, view, place: inside?.[1] ?? "" };
  }
  const conversation = /^\/c\/(cnv_[0-9a-f]+)$/u.exec(place.pathname)?.[1] ?? null;
  return { page: place.pathname === "/login" ? "login" : "inbox", conversation, view };
}
