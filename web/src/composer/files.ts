/** Files that go with a reply: uploaded as soon as they are chosen, named by their id in the message. */

import { signal } from "@preact/signals";
import { ApiError, get, send as request } from "../api";
import type { Attachment, ConversationId } from "../model/types";

export interface Upload {
  /** Made here. */
  readonly key: string;
  readonly name: string;
  readonly type: string;
  readonly size: number;
  /** The gateway's id; null until it has the file. */
  readonly id: string | null;
  /** Why the gateway did not take it. */
  readonly failure: string | null;
}

interface Stored {
  readonly id: string;
  readonly filename: string | null;
  readonly mime_type: string;
  readonly size: number;
}

const uploads = signal<Readonly<Record<ConversationId, readonly Upload[]>>>({});

export function filesOf(id: ConversationId): readonly Upload[] {
  return uploads.value[id] ?? [];
}

/** Upload files; returns once all are there or refused. Never rejects. */
export async function attach(id: ConversationId, files: readonly File[]): Promise<void> {
  await Promise.all(files.map((file) => upload(id, file)));
}

export function detach(id: ConversationId, key: string): void {
  put(
    id,
    filesOf(id).filter((one) => one.key !== key),
  );
}

/** Let go of all files of a draft. */
export function detachAll(id: ConversationId): void {
  put(id, []);
}

/** Bring the files of a kept draft back; those that were removed meanwhile are left out. */
export async function restoreFiles(id: ConversationId, ids: readonly string[]): Promise<void> {
  const known = filesOf(id).flatMap((one) => (one.id === null ? [] : [one.id]));
  if (known.length === ids.length && ids.every((one) => known.includes(one))) return;
  const found = await Promise.all(ids.map(find));
  put(
    id,
    found.flatMap((file) => (file === null ? [] : [{ ...shown(file), key: file.id, failure: null }])),
  );
}

/** The files as the message will show them. */
export function attachments(files: readonly Upload[]): readonly Attachment[] {
  return files.map(({ id, name, type, size }) => ({
    id: null,
    type: kindOf(type),
    filename: name,
    mime_type: type,
    size,
    state: null,
    file_id: id,
  }));
}

export function forgetFiles(): void {
  uploads.value = {};
}

/** A file of this machine that the gateway does not have yet. */
export function chosen({ name, type, size }: File): Upload {
  return { key: crypto.randomUUID(), name, type, size, id: null, failure: null };
}

/** Upload a file; returns it as the gateway has it, or why that did not take it. Never rejects. */
export async function store(file: File, before: Upload): Promise<Upload> {
  try {
    const headers = { "Content-Type": file.type || "application/octet-stream" };
    const path = `/files?filename=${encodeURIComponent(file.name)}`;
    const answer = await request(path, { method: "POST", headers, body: file });
    return { ...shown((await answer.json()) as Stored), key: before.key, failure: null };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { ...before, failure: error.message };
  }
}

async function upload(id: ConversationId, file: File): Promise<void> {
  const before = chosen(file);
  put(id, [...filesOf(id), before]);
  replace(id, before.key, await store(file, before));
}

function shown({ id, filename, mime_type, size }: Stored): Omit<Upload, "key" | "failure"> {
  return { id, name: filename ?? "", type: mime_type, size };
}

async function find(id: string): Promise<Stored | null> {
  try {
    return await get<Stored>(`/files/${encodeURIComponent(id)}`);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return null;
  }
}

function replace(id: ConversationId, key: string, next: Upload): void {
  put(
    id,
    filesOf(id).map((one) => (one.key === key ? next : one)),
  );
}

function put(id: ConversationId, next: readonly Upload[]): void {
  uploads.value = { ...uploads.peek(), [id]: next };
}

function kindOf(type: string): string {
  const main = type.split("/")[0] ?? "";
  return ["image", "audio", "video"].includes(main) ? main : "document";
}
