/** The body of a webhook, made readable. */

export interface Body {
  readonly kind: "json" | "form" | "text" | "binary";
  readonly text: string;
}

// Much of a long body can't be read by anybody, and would only slow the page down.
const SHOWN = 200_000;

/** Make sense of raw bytes by their content type, or by what they look like. */
export function readBody(base64: string, contentType: string): Body {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const text = asText(bytes);
  if (text === null) return { kind: "binary", text: "" };
  const json = asJson(text);
  if (json !== null) return { kind: "json", text: cut(json) };
  if (contentType.includes("application/x-www-form-urlencoded"))
    return { kind: "form", text: cut(asForm(text)) };
  return { kind: "text", text: cut(text) };
}

/** The request as a command that sends it again; the body goes in as it came. */
export function asCurl(
  request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
  },
  body: string,
  origin: string,
): string {
  const headers = Object.entries(request.headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`);
  const data = body === "" ? [] : [`--data-binary ${quoted(body)}`];
  return [`curl -X ${request.method} ${quoted(origin + request.path)}`, ...headers, ...data].join(" \\\n  ");
}

/** The body as it came, when it is text. */
export function rawText(base64: string): string {
  return asText(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))) ?? "";
}

function asText(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text.includes("\0") ? null : text;
  } catch {
    return null; // not UTF-8: nothing that could be shown as text
  }
}

function asJson(text: string): string | null {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return null; // it is something else
  }
}

function asForm(text: string): string {
  return [...new URLSearchParams(text)].map(([name, value]) => `${name}: ${value}`).join("\n");
}

function cut(text: string): string {
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
