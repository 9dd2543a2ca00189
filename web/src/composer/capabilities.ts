/** What can be sent through a provider: asked once, when a conversation of it is first opened. */

import { signal } from "@preact/signals";
import { ApiError, get } from "../api";
import type { ChannelKind } from "../model/types";

export interface Capabilities {
  readonly longest_text: Readonly<Record<string, number>>;
  readonly media: readonly string[];
  readonly most_files: number;
  readonly templates: boolean;
  readonly quotes: boolean;
  readonly window_hours: number | null;
}

const known = signal<Readonly<Record<string, Capabilities>>>({});
const asked = new Set<string>();

/** Null until they are known; everything is let through then, and the gateway decides. */
export function capabilitiesOf(provider: string): Capabilities | null {
  if (!asked.has(provider)) void ask(provider);
  return known.value[provider] ?? null;
}

/** How many characters a text may have; null: no bound that matters. */
export function longest(able: Capabilities | null, kind: ChannelKind, files: number): number | null {
  const medium = kind === "sms" && files > 0 ? "mms" : kind;
  return able?.longest_text[medium] ?? able?.longest_text[kind] ?? null;
}

async function ask(provider: string): Promise<void> {
  asked.add(provider);
  try {
    const found = await get<{ readonly capabilities: Capabilities }>(
      `/providers/${encodeURIComponent(provider)}`,
    );
    known.value = { ...known.peek(), [provider]: found.capabilities };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    asked.delete(provider);
  }
}
