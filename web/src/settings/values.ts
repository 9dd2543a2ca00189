/** From what somebody typed to what the gateway takes, and from its refusal back to the fields. */

import { ApiError } from "../api";
import { words } from "../words";
import type { Field, Schema, Typed } from "./types";

/** How the gateway says that a value was left out. */
const LEFT_OUT = "Field required";

/** Why something was refused: in general, and by field. */
export interface Refusal {
  readonly reason: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** What was typed as the gateway takes it; fields that were left empty are left out. */
export function valuesOf(schema: Schema, typed: Typed): Record<string, unknown> {
  const given = Object.entries(typed).filter(
    ([name, text]) => text.trim() !== "" && name in schema.properties,
  );
  return Object.fromEntries(given.map(([name, text]) => [name, valueOf(schema.properties[name], text)]));
}

/** What is set, as a form shows it. */
export function typedOf(schema: Schema, values: Readonly<Record<string, unknown>>): Typed {
  const known = Object.entries(values).filter(([name]) => name in schema.properties);
  return Object.fromEntries(known.map(([name, value]) => [name, textOf(value)]));
}

/** Changes that turn `before` into what was typed: emptied fields become null. */
export function changesOf(schema: Schema, before: Typed, typed: Typed): Record<string, unknown> {
  const changed = Object.keys(typed).filter((name) => typed[name] !== (before[name] ?? ""));
  const given = valuesOf(schema, typed);
  return Object.fromEntries(changed.map((name) => [name, given[name] ?? null]));
}

/** Secrets of the past are kept by the gateway itself, when one is replaced. */
export function isShown(name: string): boolean {
  return !name.startsWith("previous_");
}

/** Lead whoever typed to the first value that is not right, once it is marked. */
export function focusFault(form: HTMLElement | null): void {
  requestAnimationFrame(() => form?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
}

/** Read a refusal; `place` is where in the body the form's values stood. */
export function refusalOf(error: unknown, place: string): Refusal {
  if (!(error instanceof ApiError)) throw error;
  const inside = error.faults.filter((fault) => fault.pointer.startsWith(place));
  const named: Record<string, string> = {};
  for (const fault of inside) {
    const name = fault.pointer.slice(place.length + 1).split("/")[0] ?? "";
    if (name !== "") named[name] = fault.detail === LEFT_OUT ? words.settings.needed : fault.detail;
  }
  return { reason: reasonOf(error, named), fields: named };
}

function reasonOf(error: ApiError, named: Readonly<Record<string, string>>): string {
  if (error.status === 0) return words.error.unreachable;
  if (Object.keys(named).length > 0) return words.settings.refused;
  return error.faults.map((fault) => fault.detail).join(". ") || error.message;
}

function valueOf(field: Field | undefined, text: string): unknown {
  switch (field?.type) {
    case "integer":
    case "number":
      return Number.isNaN(Number(text)) ? text : Number(text);
    case "boolean":
      return text === "true";
    case "array":
      return text
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== "");
    case "object":
      return parsed(text);
    default:
      return text.trim();
  }
}

// What is no JSON goes as it is: the gateway says what is wrong with it.
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(String).join("\n");
  return value === null || value === undefined ? "" : JSON.stringify(value);
}
