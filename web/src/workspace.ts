/**
 * Who and what there is in the workspace, by name and by id.
 *
 * Conversations and messages name people, teams and labels by id only; what to
 * call those is looked up here while drawing.
 */

import { computed, signal } from "@preact/signals";
import { get } from "./api";
import { toEvent, type LogEvent } from "./model/event";
import {
  applyShared,
  NOTHING_SHARED,
  sorted,
  type CannedReply,
  type Label,
  type Member,
  type SavedView,
  type Shared,
  type SharedChannel,
  type Team,
} from "./model/shared";
import { me } from "./store";
import { plainName } from "./ui/plain";
import { words } from "./words";

const shared = signal<Shared>(NOTHING_SHARED);

export const members = computed(() => shared.value.members);
export const teams = computed(() => shared.value.teams);
export const labels = computed(() => shared.value.labels);
export const channels = computed(() => shared.value.channels);

/** Also those of others, which an address can't name. */
export const allViews = computed(() => shared.value.views);

/** Those of this person and those of everybody. */
export const cannedReplies = computed(() => shared.value.cannedReplies.filter(isMine));
export const views = computed(() => shared.value.views.filter(isMine));

/** Members who can be asked to do something. */
export const activeMembers = computed(() => members.value.filter((one) => one.status === "active"));

const memberById = computed(() => byId(members.value));
const teamById = computed(() => byId(teams.value));
const labelById = computed(() => byId(labels.value));

export function member(id: string | null | undefined): Member | null {
  return memberById.value.get(id ?? "") ?? null;
}

export function team(id: string | null | undefined): Team | null {
  return teamById.value.get(id ?? "") ?? null;
}

export function label(id: string): Label | null {
  return labelById.value.get(id) ?? null;
}

/** What to call a member; somebody who is not (any more) in the workspace has no name. */
export function memberName(id: string | null | undefined): string {
  const one = member(id);
  return one === null ? words.person.unknown : (plainName(one.name) ?? one.email);
}

export function isMe(id: string | null | undefined): boolean {
  return id !== null && id !== undefined && me.value?.user?.id === id;
}

/** Read all lists. Rejects when one of them can't be read. */
export async function loadShared(): Promise<Shared> {
  const [members, teams, labels, cannedReplies, views, channels] = await Promise.all([
    listAll<Member>("/members"),
    listAll<Team>("/teams"),
    listAll<Label>("/labels"),
    listAll<CannedReply>("/canned-replies"),
    listAll<SavedView>("/views"),
    listAll<SharedChannel>("/channels"),
  ]);
  return sorted({ members, teams, labels, cannedReplies, views, channels });
}

export function setShared(next: Shared): void {
  shared.value = next;
}

/** Fold log entries in. */
export function foldShared(events: readonly LogEvent[]): void {
  shared.value = events.reduce(applyShared, shared.peek());
}

/** Take what this member changed of their own, here or in another window; it never enters the log. */
export function foldOwn(what: string, data: unknown): void {
  if (what !== "view.updated" && what !== "canned_reply.updated") return;
  shared.value = applyShared(shared.peek(), toEvent({ type: what, seq: 0, data }));
}

interface List<Item> {
  readonly data: readonly Item[];
  readonly next_cursor: string | null;
}

async function listAll<Item>(path: string): Promise<readonly Item[]> {
  const all: Item[] = [];
  let cursor: string | null = null;
  do {
    const from: string = cursor === null ? path : `${path}?cursor=${encodeURIComponent(cursor)}`;
    const page: List<Item> = await get<List<Item>>(from);
    all.push(...page.data);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return all;
}

function isMine({ owner_id }: { readonly owner_id: string | null }): boolean {
  return owner_id === null || isMe(owner_id);
}

function byId<Item extends { readonly id: string }>(list: readonly Item[]): ReadonlyMap<string, Item> {
  return new Map(list.map((item) => [item.id, item]));
}
