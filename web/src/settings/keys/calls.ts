/** What the page on API keys asks of the gateway. */

import { get, post, send } from "../../api";

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  readonly scopes: readonly string[];
  readonly created_by: string | null;
  readonly created_at: string;
  readonly last_used_at: string | null;
}

export interface NewApiKey extends ApiKey {
  /** Told this once. */
  readonly key: string;
}

export async function listKeys(): Promise<readonly ApiKey[]> {
  return (await get<{ readonly data: readonly ApiKey[] }>("/api-keys")).data;
}

export function createKey(name: string, scopes: readonly string[]): Promise<NewApiKey> {
  return post<NewApiKey>("/api-keys", { name, scopes });
}

export async function revokeKey(id: string): Promise<void> {
  await send(`/api-keys/${id}`, { method: "DELETE" });
}
