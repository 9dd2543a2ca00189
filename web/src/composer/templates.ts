/** Templates as the gateway lists them, and filling one. */

import { ApiError, get, post } from "../api";
import type { TemplateFilled } from "./pending";

type Component = Readonly<Record<string, unknown>>;

export interface Template {
  readonly id: string;
  readonly name: string;
  readonly language: string;
  readonly status: string;
  readonly category: string | null;
  readonly body: string | null;
  readonly components: readonly Component[];
}

/** Something that has to be given before a template can be sent. */
export interface Field {
  readonly key: string;
  /** A text in the head or in the text itself, the end of a button's link, a code to copy, or a file above the text. */
  readonly kind: "head" | "text" | "link" | "code" | "file";
  /** What the place is called; of a button its words, of a file its type. */
  readonly name: string;
  /** A link up to what is given. */
  readonly before?: string;
}

export type Values = Readonly<Record<string, string>>;

/** A part of a template as it is shown before it is sent. */
export interface Shown {
  readonly head: string | null;
  readonly body: string;
  readonly foot: string | null;
  readonly buttons: readonly { readonly text: string; readonly link: string | null }[];
}

const PLACE = /\{\{\s*([\w.-]{1,100})\s*\}\}/gu;
const FILES: Readonly<Record<string, string>> = { IMAGE: "image", VIDEO: "video", DOCUMENT: "document" };
const FILE = "head file";

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

/** What has to be given for a template, in the order in which the customer sees it; null: it can't be done here. */
export function fieldsOf(template: Template): readonly Field[] | null {
  const { body, components } = template;
  if (body === null) return null;
  if (isTwilios(template)) return placesOf(JSON.stringify(contents(template))).map((name) => text(name));
  const above: Field[] = [];
  const below: Field[] = [];
  for (const part of components) {
    switch (word(part, "type").toUpperCase()) {
      case "HEADER": {
        const format = word(part, "format").toUpperCase();
        const file = FILES[format];
        if (file !== undefined) above.push({ key: FILE, kind: "file", name: file });
        else if (format === "TEXT" || format === "") above.push(...headOf(part));
        else return null;
        break;
      }
      case "BUTTONS":
        below.push(...buttonsOf(part).flatMap(buttonField));
        break;
      case "BODY":
      case "FOOTER":
        break;
      default:
        return null;
    }
  }
  return [...above, ...placesOf(body).map((name) => text(name)), ...below];
}

/** How a template looks, filled; what is not given yet stays as it is. */
export function preview(template: Template, values: Values): Shown {
  const fill = (text: string, kind: string) =>
    text.replace(PLACE, (place, name: string) => values[`${kind} ${name}`]?.trim() || place);
  const part = (type: string) => template.components.find((one) => word(one, "type").toUpperCase() === type);
  const head = word(part("HEADER") ?? {}, "text");
  const foot = word(part("FOOTER") ?? {}, "text");
  return {
    head: head === "" ? null : fill(head, "head"),
    body: fill(template.body ?? "", "text"),
    foot: foot === "" ? null : foot,
    buttons: buttonsOf(part("BUTTONS") ?? {}).map((button, index) => {
      const link = word(button, "url");
      const end = values[`button ${index}`]?.trim();
      return {
        text: word(button, "text"),
        link: link === "" ? null : link.replace(PLACE, (place) => end || place),
      };
    }),
  };
}

/** As it is sent: by number where the places are counted, else by name. Twilio counts through all of a template. */
export function filled(template: Template, values: Values): TemplateFilled {
  const { name, language } = template;
  const fields = fieldsOf(template) ?? [];
  const value = ({ key }: Field) => (values[key] ?? "").trim();
  const of = (...kinds: readonly Field["kind"][]) => fields.filter(({ kind }) => kinds.includes(kind));
  const texts = inOrder(of("text")).map((field) =>
    isCounted(field) && !isTwilios(template)
      ? { text: value(field) }
      : { text: value(field), name: field.name },
  );
  const [head] = of("head");
  const [file] = of("file");
  const buttons = of("link", "code").map((field) => ({
    index: Number(field.key.replace("button ", "")),
    kind: field.kind === "link" ? ("url" as const) : ("copy_code" as const),
    value: value(field),
  }));
  return {
    name,
    language,
    ...(file === undefined ? {} : { header: { upload: value(file) } }),
    ...(head === undefined
      ? {}
      : {
          header: { text: isCounted(head) ? { text: value(head) } : { text: value(head), name: head.name } },
        }),
    body: texts,
    ...(buttons.length === 0 ? {} : { buttons }),
  };
}

/** What a failure to read them means, in words. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof ApiError)) throw error;
  return error.message;
}

function headOf(part: Component): readonly Field[] {
  return placesOf(word(part, "text")).map((name) => ({ key: `head ${name}`, kind: "head", name }));
}

function buttonField(button: Component, index: number): readonly Field[] {
  const type = word(button, "type").toUpperCase();
  const [key, name, link] = [`button ${index}`, word(button, "text"), word(button, "url")];
  if (type === "COPY_CODE") return [{ key, kind: "code", name }];
  const at = link.search(PLACE);
  return at < 0 ? [] : [{ key, kind: "link", name, before: link.slice(0, at) }];
}

function buttonsOf(part: Component): readonly Component[] {
  const all = part["buttons"];
  return Array.isArray(all) ? (all as readonly Component[]) : [];
}

/** The places of a text, each once, in the order of their first. */
function placesOf(text: string): readonly string[] {
  return [...new Set([...text.matchAll(PLACE)].map((found) => found[1] ?? ""))];
}

function text(name: string): Field {
  return { key: `text ${name}`, kind: "text", name };
}

function isCounted({ name }: Field): boolean {
  return /^\d+$/u.test(name);
}

function inOrder(fields: readonly Field[]): readonly Field[] {
  return fields.every(isCounted) ? [...fields].sort((a, b) => Number(a.name) - Number(b.name)) : fields;
}

function isTwilios(template: Template): boolean {
  return contents(template).length > 0;
}

function contents({ components }: Template): readonly Component[] {
  return components.filter((part) => word(part, "type").startsWith("twilio/"));
}

function word(part: Component, key: string): string {
  const value = part[key];
  return typeof value === "string" ? value : "";
}

function usable(all: readonly Template[]): readonly Template[] {
  return all.filter(({ status, body }) => status === "approved" && body !== null);
}

function path(connection: string): string {
  return `/connections/${encodeURIComponent(connection)}/templates`;
}
