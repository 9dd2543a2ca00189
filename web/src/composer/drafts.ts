/**
 * What somebody has begun to write, by conversation: here at once, and at the gateway a moment after the last key, so
 * that it is there in their other windows and tomorrow. A draft with a lower version never replaces a higher one.
 */

import { signal } from "@preact/signals";
import { ApiError, get, send as request } from "../api";
import type { ConversationId } from "../model/types";
import { filesOf, restoreFiles } from "./files";

export interface Draft {
  readonly text: string;
  readonly note: string;
  /** Of a mail; null: that of the conversation. */
  readonly subject: string | null;
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
  /** Whether the mail that is answered stands below. */
  readonly quote: boolean;
}

export const NO_DRAFT: Draft = { text: "", note: "", subject: null, cc: [], bcc: [], quote: true };

interface Kept {
  readonly conversation_id: ConversationId;
  readonly version: number;
  readonly content: (Partial<Draft> & { readonly attachment_ids: readonly string[] }) | null;
}

const SAVE_AFTER = 800;

const drafts = signal<Readonly<Record<ConversationId, Draft>>>({});
const versions = new Map<ConversationId, number>();
const waiting = new Map<ConversationId, ReturnType<typeof setTimeout>>();

export function draftOf(id: ConversationId): Draft {
  return drafts.value[id] ?? NO_DRAFT;
}

/** Write; it is kept at the gateway soon. */
export function write(id: ConversationId, change: Partial<Draft>): void {
  put(id, { ...(drafts.peek()[id] ?? NO_DRAFT), ...change });
  keepSoon(id);
}

/** Note that the files of a draft changed. */
export function keepSoon(id: ConversationId): void {
  clearTimeout(waiting.get(id));
  waiting.set(
    id,
    setTimeout(() => void keep(id), SAVE_AFTER),
  );
}

/** Read all drafts that were kept. Rejects when they can't be read. */
export async function loadDrafts(): Promise<void> {
  let cursor: string | null = null;
  do {
    const page: { readonly data: readonly Kept[]; readonly next_cursor: string | null } = await get(
      cursor === null ? "/drafts" : `/drafts?cursor=${encodeURIComponent(cursor)}`,
    );
    page.data.forEach(take);
    cursor = page.next_cursor;
  } while (cursor !== null);
}

/** Take what was written in another window of the same person. */
export function takeOwn(what: string, data: unknown): void {
  if (what === "draft.updated") take(data as Kept);
}

/** Forget all, without a word to the gateway. */
export function forgetDrafts(): void {
  for (const timer of waiting.values()) clearTimeout(timer);
  waiting.clear();
  versions.clear();
  drafts.value = {};
}

/** Keep what still waits: the page is about to go away. */
export function keepNow(): void {
  for (const id of [...waiting.keys()]) void keep(id, { keepalive: true });
}

function take({ conversation_id: id, version, content }: Kept): void {
  if (version <= (versions.get(id) ?? -1) || waiting.has(id)) return; // what is being written here is newer
  versions.set(id, version);
  if (content === null) {
    put(id, NO_DRAFT);
    return;
  }
  const { attachment_ids, ...kept } = content;
  put(id, { ...NO_DRAFT, ...kept }); // one that was kept by an older version holds less
  void restoreFiles(id, attachment_ids);
}

// What can't be kept now is kept with the next key; it stays in the page meanwhile.
async function keep(id: ConversationId, how: RequestInit = {}): Promise<void> {
  clearTimeout(waiting.get(id));
  waiting.delete(id);
  const draft = drafts.peek()[id] ?? NO_DRAFT;
  const attachment_ids = filesOf(id).flatMap((file) => (file.id === null ? [] : [file.id]));
  const version = Math.max(Date.now(), (versions.get(id) ?? 0) + 1);
  versions.set(id, version);
  const path = `/conversations/${encodeURIComponent(id)}/draft`;
  try {
    if (isEmpty(draft) && attachment_ids.length === 0) {
      await request(`${path}?version=${version}`, { ...how, method: "DELETE" });
      return;
    }
    const body = JSON.stringify({ version, content: { ...draft, attachment_ids } });
    await request(path, { ...how, method: "PUT", headers: { "Content-Type": "application/json" }, body });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
}

function put(id: ConversationId, draft: Draft): void {
  drafts.value = { ...drafts.peek(), [id]: draft };
}

function isEmpty({ text, note, subject, cc, bcc, quote }: Draft): boolean {
  return [text, note, cc, bcc].every(({ length }) => length === 0) && subject === null && quote;
}
