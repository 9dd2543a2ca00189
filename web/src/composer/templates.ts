/** Templates as the gateway lists them, and filling one. */

import { ApiError, get, post } from "../api";
import type { TemplateFilled } from "./pending";

export interface Template {
  readonly id: string;
  readonly name: string;
  readonly language: string;
  readonly status: string;
  readonly category: string | null;
  readonly body: string | null;
  readonly components: readonly Readonly<Record<string, unknown>>[];
}

const PLACE = /\{\{\s*([\w.-]{1,100})\s*\}\}/gu;

/** The approved ones. Rejects when they can't be read. */
export async function listTemplates(connection: string): Promise<readonly Template[]> {
  const page = await get<{ readonly data: readonly Template[] }>(path(connection));
  return usable(page.data);
}

/** Let the gateway fetch them from the provider. */
export async function fetchTemplates(connection: string): Promise<readonly Template[]> {
  const page = await post<{ readonly data: readonly Template[] }>(`${path(connection)}/sync`, {});
  return usable(page.data);
}

/** What a person knows a template by: some providers name them by ids only. */
export function titleOf({ name, components }: Template): string {
  const friendly = components.find(({ type }) => type === "friendly_name")?.["text"];
  return (typeof friendly === "string" ? friendly : name).replaceAll("_", " ");
}

/** The places of a template's text, each once, in the order of their first. */
export function placesOf({ body }: Template): readonly string[] {
  return [...new Set([...(body ?? "").matchAll(PLACE)].map((found) => found[1] ?? ""))];
}

/** Whether all it needs are texts in its body: files above it and links of buttons can't be given here. */
export function isFillable({ components, body }: Template): boolean {
  if (body === null) return false;
  return components.every((part) => {
    const type = word(part, "type");
    if (type === "BODY") return true;
    if (type === "HEADER" && !["", "TEXT"].includes(word(part, "format"))) return false;
    if (type.startsWith("TWILIO/")) return type === "TWILIO/TEXT" || type === "TWILIO/QUICK-REPLY";
    return !JSON.stringify(part).includes("{{");
  });
}

/** The text with its places filled; those that are empty stay as they are. */
export function preview(template: Template, values: Readonly<Record<string, string>>): string {
  return (template.body ?? "").replace(PLACE, (place, name: string) => values[name]?.trim() || place);
}

/** As it is sent: by number where the places are counted, else by name. */
export function filled(template: Template, values: Readonly<Record<string, string>>): TemplateFilled {
  const places = placesOf(template);
  const counted = places.every((name) => /^\d+$/u.test(name));
  const ordered = counted ? [...places].sort((a, b) => Number(a) - Number(b)) : places;
  const body = ordered.map((name) => {
    const text = (values[name] ?? "").trim();
    return counted ? { text } : { text, name };
  });
  return { name: template.name, language: template.language, body };
}

/** What a failure to read them means, in words. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof ApiError)) throw error;
  return error.message;
}

function word(part: Readonly<Record<string, unknown>>, key: string): string {
  const value = part[key];
  return typeof value === "string" ? value.toUpperCase() : "";
}

function usable(all: readonly Template[]): readonly Template[] {
  return all.filter(({ status, body }) => status === "approved" && body !== null);
}

function path(connection: string): string {
  return `/connections/${encodeURIComponent(connection)}/templates`;
}
