/** What a view shows: its own filters, with what the address narrows put over them. */

import type { SavedView } from "../model/shared";
import type { Conversation, ConversationStatus, Priority } from "../model/types";
import type { StandingView, View } from "../route";

export interface Filters {
  readonly status: readonly ConversationStatus[];
  /** "me", "nobody" or a member's id. */
  readonly assignee: string | null;
  /** "nobody" or a team's id. */
  readonly team: string | null;
  readonly label: readonly string[];
  readonly channel: readonly string[];
  readonly priority: readonly Priority[];
  readonly unread: boolean;
  readonly sort: "newest" | "oldest";
}

export const STATUSES: readonly ConversationStatus[] = ["open", "pending", "snoozed", "resolved"];
export const PRIORITIES: readonly Priority[] = ["urgent", "high", "normal", "low"];

const EVERYTHING: Filters = {
  status: [],
  assignee: null,
  team: null,
  label: [],
  channel: [],
  priority: [],
  unread: false,
  sort: "newest",
};
const UNFINISHED: readonly ConversationStatus[] = ["open", "pending", "snoozed"];

const STANDING: Readonly<Record<StandingView, Partial<Filters>>> = {
  open: { status: ["open"] },
  mine: { status: ["open"], assignee: "me" },
  unassigned: { status: ["open"], assignee: "nobody" },
  mentions: {},
  pending: { status: ["pending"] },
  snoozed: { status: ["snoozed"] },
  resolved: { status: ["resolved"] },
  all: {},
};

/** The filters in force. A saved view that is not there (any more) shows everything. */
export function filtersOf(view: View, query: URLSearchParams, saved: readonly SavedView[]): Filters {
  return { ...EVERYTHING, ...baseOf(view, saved), ...readFilters(query) };
}

function baseOf(view: View, saved: readonly SavedView[]): Partial<Filters> {
  if (view.startsWith("lbl_")) return { status: UNFINISHED, label: [view] };
  if (view.startsWith("team_")) return { status: UNFINISHED, team: view };
  if (view.startsWith("view_")) {
    const kept = saved.find((one) => one.id === view);
    return kept === undefined ? {} : given(kept.filters);
  }
  return STANDING[view as StandingView];
}

// The gateway names every filter of a saved view; what filters nothing is left to the defaults.
function given(filters: SavedView["filters"]): Partial<Filters> {
  const set = Object.entries(filters).filter(
    ([name, value]) => name in EVERYTHING && value !== null && value !== false,
  );
  return Object.fromEntries(set);
}

/** What a query names; anything else in it is passed over. */
export function readFilters(query: URLSearchParams): Partial<Filters> {
  const status = query.getAll("status").filter((one) => STATUSES.some((known) => known === one));
  const priority = query.getAll("priority").filter((one) => PRIORITIES.some((known) => known === one));
  const [assignee, team] = [query.get("assignee"), query.get("team")];
  const [label, channel] = [query.getAll("label"), query.getAll("channel")];
  return {
    ...(status.length > 0 && { status: status as ConversationStatus[] }),
    ...(assignee && { assignee }),
    ...(team && { team }),
    ...(label.length > 0 && { label }),
    ...(channel.length > 0 && { channel }),
    ...(priority.length > 0 && { priority: priority as Priority[] }),
    ...(query.get("unread") === "true" && { unread: true }),
    ...(query.get("sort") === "oldest" && { sort: "oldest" as const }),
  };
}

/** The same as parameters of the list; what filters nothing is left out. */
export function writeFilters(filters: Filters): URLSearchParams {
  const query = new URLSearchParams();
  const status = filters.status.length === STATUSES.length ? [] : filters.status;
  for (const one of status) query.append("status", one);
  if (filters.assignee !== null) query.append("assignee", filters.assignee);
  if (filters.team !== null) query.append("team", filters.team);
  for (const one of filters.label) query.append("label", one);
  for (const one of filters.channel) query.append("channel", one);
  for (const one of filters.priority) query.append("priority", one);
  if (filters.unread) query.append("unread", "true");
  if (filters.sort !== "newest") query.append("sort", filters.sort);
  return query;
}

/** As a saved view keeps them. */
export function keptFilters(filters: Filters): Readonly<Record<string, unknown>> {
  const names = new Set(writeFilters(filters).keys());
  return Object.fromEntries(Object.entries(filters).filter(([name]) => names.has(name)));
}

/** Whether a conversation belongs in the list, by the same rules as the gateway's. */
export function matches(row: Conversation, filters: Filters, myId: string | undefined): boolean {
  return (
    among(filters.status, row.status) &&
    isWho(filters.assignee === "me" ? (myId ?? "") : filters.assignee, row.assignee_id) &&
    isWho(filters.team, row.team_id) &&
    (filters.label.length === 0 || filters.label.some((one) => row.label_ids?.includes(one) === true)) &&
    among(filters.channel, row.channel.id) &&
    among(filters.priority, row.priority ?? "normal") &&
    (!filters.unread || row.unread_count > 0)
  );
}

function among<Value>(wanted: readonly Value[], value: Value): boolean {
  return wanted.length === 0 || wanted.includes(value);
}

function isWho(wanted: string | null, id: string | null | undefined): boolean {
  if (wanted === null) return true;
  return wanted === "nobody" ? (id ?? null) === null : wanted === id;
}
