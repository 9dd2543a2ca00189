/** What goes into a mail's frame, and what the page does to it from outside. */

export type Look = "light" | "dark" | "paper";

const SAFE_LINK = /^(https?:|mailto:|tel:)/iu;
const QUOTES = "blockquote[type=cite], .gmail_quote, .yahoo_quoted, #divRplyFwdMsg ~ *, blockquote";

/** A whole page around a sanitised body. */
export function pageFor(html: string, look: Look): string {
  return (
    `<!doctype html><html class="${look}"><head><meta charset="utf-8">` +
    `<link rel="stylesheet" href="/assets/mail.css"></head><body>${asideStyles(html)}</body></html>`
  );
}

/** Whether a mail brings colours of its own. */
export function paints(html: string): boolean {
  return /<[^>]*\s(?:bgcolor|background|color)\s*=|<[^>]*style="[^"]*(?:background|color)\s*(?:-color)?:/iu.test(
    html,
  );
}

/**
 * Give a loaded body its styles and tame its links.
 *
 * The policy refuses `style` attributes in markup but not styles set from a
 * script of ours: so they travel as `data-style` and are set here.
 */
export function dress(inside: Document): void {
  for (const element of inside.querySelectorAll<HTMLElement>("[data-style]")) {
    element.style.cssText = element.dataset["style"] ?? "";
    // What is pinned to the frame would cover it, and what fills it would grow it for ever.
    if (element.style.position === "fixed") element.style.position = "static";
    if (/v[hw]/u.test(element.style.height)) element.style.height = "";
  }
  for (const link of inside.querySelectorAll<HTMLAnchorElement>("a[href]")) tame(link);
}

/** Take out images from elsewhere, which the policy refuses to load; whether there were any. */
export function holdImages(inside: Document): boolean {
  const far = [...inside.querySelectorAll("img")].filter((image) => !image.src.startsWith("data:"));
  for (const image of far) image.replaceWith(image.alt);
  return far.length > 0;
}

/** Hide or show what a mail quotes from earlier ones; false when it quotes nothing. */
export function foldQuotes(inside: Document, hidden: boolean): boolean {
  const quotes = [...inside.querySelectorAll<HTMLElement>(QUOTES)].filter(
    (quote) => quote.parentElement?.closest(QUOTES) === null,
  );
  // A mail that is all quote, such as a bare forward, is shown.
  if (quotes.length === 0 || isAll(inside, quotes)) return false;
  for (const quote of quotes) quote.hidden = hidden;
  return true;
}

function isAll(inside: Document, quotes: readonly HTMLElement[]): boolean {
  const quoted = quotes.reduce((sum, quote) => sum + visibleLength(quote), 0);
  return quoted >= visibleLength(inside.body);
}

function visibleLength(element: HTMLElement): number {
  return element.textContent.replace(/\s+/gu, "").length;
}

function tame(link: HTMLAnchorElement): void {
  if (!SAFE_LINK.test(link.getAttribute("href") ?? "")) {
    link.removeAttribute("href");
    return;
  }
  link.target = "_blank";
  link.rel = "noopener noreferrer nofollow";
}

function asideStyles(html: string): string {
  return html.replace(/<[a-z][^>]*>/giu, (tag) => tag.replace(/\sstyle=/giu, " data-style="));
}
