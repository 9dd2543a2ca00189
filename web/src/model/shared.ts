/** The lists that everybody in the workspace shares: small, loaded whole after the login, kept fresh by the log. */

import type { LogEvent } from "./event";
import type { ChannelKind, Timestamp } from "./types";

export type Role = "owner" | "admin" | "manager" | "operator" | "viewer";

export interface Member {
  readonly id: string;
  readonly name: string | null;
  readonly email: string;
  readonly role: Role;
  readonly extra_permissions: readonly string[];
  readonly status: string;
  /** `away`: teams hand them nothing. */
  readonly availability: "online" | "away";
  readonly created_at: Timestamp;
  readonly updated_at: Timestamp;
  readonly deleted_at?: Timestamp | null;
}

export interface Team {
  readonly id: string;
  readonly name: string;
  readonly member_ids: readonly string[];
  readonly channel_ids: readonly string[];
  readonly auto_assign: boolean;
  readonly capacity: number | null;
  readonly updated_at: Timestamp;
  readonly deleted_at: Timestamp | null;
}

export interface Label {
  readonly id: string;
  readonly name: string;
  readonly color: string;
  readonly description: string | null;
  readonly updated_at: Timestamp;
  readonly deleted_at: Timestamp | null;
}

export interface CannedReply {
  readonly id: string;
  /** Whose it is; null: everybody's. */
  readonly owner_id: string | null;
  readonly shortcut: string;
  readonly name: string;
  readonly text: string;
  readonly updated_at: Timestamp;
  readonly deleted_at: Timestamp | null;
}

export interface SavedView {
  readonly id: string;
  /** Whose it is; null: everybody's. */
  readonly owner_id: string | null;
  readonly name: string;
  /** Query parameters of the list of conversations. */
  readonly filters: Readonly<Record<string, unknown>>;
  readonly updated_at: Timestamp;
  readonly deleted_at: Timestamp | null;
}

/** An address of the workspace at a provider. */
export interface SharedChannel {
  readonly id: string;
  readonly connection_id: string;
  readonly provider: string;
  readonly kind: ChannelKind;
  readonly address: string;
  readonly name: string;
  readonly status: string;
  readonly deleted_at: Timestamp | null;
}

/** Each list by name, without what was deleted. */
export interface Shared {
  readonly members: readonly Member[];
  readonly teams: readonly Team[];
  readonly labels: readonly Label[];
  readonly cannedReplies: readonly CannedReply[];
  readonly views: readonly SavedView[];
  readonly channels: readonly SharedChannel[];
}

export const NOTHING_SHARED: Shared = {
  members: [],
  teams: [],
  labels: [],
  cannedReplies: [],
  views: [],
  channels: [],
};

/** Fold one entry in. Each names a whole object, also when it was made or deleted. */
export function applyShared(shared: Shared, event: LogEvent): Shared {
  switch (event.type) {
    case "member.updated":
      return { ...shared, members: put(shared.members, event.data) };
    case "team.updated":
      return { ...shared, teams: put(shared.teams, event.data) };
    case "label.updated":
      return { ...shared, labels: put(shared.labels, event.data) };
    case "canned_reply.updated":
      return { ...shared, cannedReplies: put(shared.cannedReplies, event.data) };
    case "view.updated":
      return { ...shared, views: put(shared.views, event.data) };
    case "channel.created":
    case "channel.updated":
      return { ...shared, channels: put(shared.channels, event.data) };
    default:
      return shared;
  }
}

/** The lists as they were read, in the order to show them in. */
export function sorted(shared: Shared): Shared {
  return {
    members: shared.members.filter(isThere).sort(byName),
    teams: shared.teams.filter(isThere).sort(byName),
    labels: shared.labels.filter(isThere).sort(byName),
    cannedReplies: shared.cannedReplies.filter(isThere).sort(byName),
    views: shared.views.filter(isThere).sort(byName),
    channels: shared.channels.filter(isThere).sort(byName),
  };
}

interface Named {
  readonly id: string;
  readonly name: string | null;
  readonly email?: string;
  readonly deleted_at?: Timestamp | null;
}

function put<Item extends Named>(list: readonly Item[], item: Item): readonly Item[] {
  const others = list.filter((other) => other.id !== item.id);
  return isThere(item) ? [...others, item].sort(byName) : others;
}

function isThere(item: Named): boolean {
  return item.deleted_at === null || item.deleted_at === undefined;
}

function byName(a: Named, b: Named): number {
  const order = (a.name ?? a.email ?? "").localeCompare(b.name ?? b.email ?? "");
  return order === 0 ? a.id.localeCompare(b.id) : order;
}
