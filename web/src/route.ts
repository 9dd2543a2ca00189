/** Where the page is, in its address: the view, the open conversation, or a place in the settings. */

import { computed, signal } from "@preact/signals";
import type { ConversationId } from "./model/types";

/** The views that are always there, in the order of the rail. */
export const VIEWS = [
  "open",
  "mine",
  "unassigned",
  "mentions",
  "pending",
  "snoozed",
  "resolved",
  "all",
] as const;

export type StandingView = (typeof VIEWS)[number];

/** One of those, or the id of a label, a team or a saved view. */
export type View = StandingView | `lbl_${string}` | `team_${string}` | `view_${string}`;

export interface Route {
  readonly page: "inbox" | "login" | "join" | "reset" | "customers" | "settings";
  readonly conversation: ConversationId | null;
  readonly view: View;
  /** What narrows the view, or the page of the settings, further: a query without its `?`. */
  readonly query?: string;
  /** Which part of the settings; nothing for their menu. */
  readonly area?: string;
  /** Within that part, or among the customers: nothing for the first page. */
  readonly place?: string;
}

const FIRST_VIEW: View = "open";
/** Pages for who is not logged in (yet). */
const WAYS_IN = ["login", "join", "reset"] as const;

export const route = signal<Route>(read(location));
export const view = computed(() => route.value.view);
export const openId = computed(() => route.value.conversation);
export const query = computed(() => new URLSearchParams(route.value.query));

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
  const next = towards(route.peek(), to);
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

/** Narrow the present view or page otherwise; values that are null are left out. */
export function goQuery(changes: Readonly<Record<string, string | readonly string[] | null>>): void {
  const next = new URLSearchParams(query.peek());
  for (const [name, value] of Object.entries(changes)) {
    next.delete(name);
    for (const one of typeof value === "string" ? [value] : (value ?? [])) next.append(name, one);
  }
  go({ query: next.toString() });
}

// What narrows one place means nothing in another.
function towards(from: Route, to: Partial<Route>): Route {
  const { query, area, place, ...rest } = from;
  const moves = ["page", "view", "area", "place"].some((part) => part in to);
  const inside = to.page === undefined && to.area === undefined ? { area, place } : {};
  const next = { ...rest, ...inside, ...(moves ? {} : { query }), ...to };
  return clean(next);
}

function clean({ query, area, place, ...route }: { [Part in keyof Route]: Route[Part] | undefined }): Route {
  return {
    ...(route as Route),
    ...(query ? { query } : {}),
    ...(route.page === "settings" ? { area: area ?? "", place: place ?? "" } : {}),
    ...(route.page === "customers" ? { place: place ?? "" } : {}),
  };
}

export function write({ page, conversation, view, query = "", area, place }: Route): string {
  if (page === "login" || page === "join" || page === "reset") return `/${page}`;
  if (page === "settings") return withQuery(["/settings", area, place].filter(Boolean).join("/"), query);
  if (page === "customers") return withQuery(["/customers", place].filter(Boolean).join("/"), query);
  const path = conversation === null ? "/" : `/c/${conversation}`;
  return withQuery(path, [view === FIRST_VIEW ? "" : `view=${view}`, query].filter(Boolean).join("&"));
}

export function read(place: Pick<Location, "pathname" | "search">): Route {
  const { pathname } = place;
  const parameters = new URLSearchParams(place.search);
  const wanted = parameters.get("view") ?? "";
  if (pathname === "/settings" || pathname.startsWith("/settings/")) {
    const [area, ...inside] = pathname.split("/").slice(2).filter(isName);
    return clean({
      page: "settings",
      conversation: null,
      view: FIRST_VIEW,
      query: parameters.toString(),
      area,
      place: inside.join("/"),
    });
  }
  if (pathname === "/customers" || pathname.startsWith("/customers/")) {
    const inside = pathname.split("/").slice(2).filter(isName);
    return clean({
      page: "customers",
      conversation: null,
      view: FIRST_VIEW,
      query: parameters.toString(),
      place: inside.join("/"),
    });
  }
  parameters.delete("view");
  return clean({
    page: WAYS_IN.find((one) => pathname === `/${one}`) ?? "inbox",
    conversation: /^\/c\/(cnv_[0-9a-f]+)$/u.exec(pathname)?.[1] ?? null,
    view: isView(wanted) ? wanted : FIRST_VIEW,
    query: parameters.toString(),
  });
}

function isView(text: string): text is View {
  return VIEWS.some((known) => known === text) || /^(?:lbl|team|view)_[0-9a-f]{32}$/u.test(text);
}

function isName(part: string): boolean {
  return /^[a-zA-Z0-9_-]+$/u.test(part);
}

function withQuery(path: string, query: string): string {
  return query === "" ? path : `${path}?${query}`;
}
