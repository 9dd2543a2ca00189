/**
 * What the page does, from outside, to the document in a mail's frame.
 *
 * The gateway sanitised it when it was stored. What is done here is for reading,
 * and for the few things a harmless document can still do to its frame.
 */

import { words } from "../words";
import sheet from "./frame.css?inline";

export type Look = "light" | "dark" | "paper";

const SAFE_LINK = /^(https?:|mailto:|tel:)/iu;
const COLOURED = "[bgcolor], [color], [style*='color'], [style*='background']";
/** Links to the files that came with a mail. */
const OWN = "/media/";
/** Lengths that grow with the frame, which grows with them. */
const OF_FRAME = /\d[sld]?v(?:h|b|min|max)\b/iu;

/** Whether this is a mail and not an answer that says why there is none. */
export function isMail(inside: Document | null): inside is Document {
  return inside?.contentType === "text/html";
}

/** Give a loaded mail the page's typography, and keep it inside its frame. */
export function dress(inside: Document): void {
  const style = inside.createElement("style");
  style.textContent = sheet;
  inside.head.append(style);
  for (const element of inside.querySelectorAll<HTMLElement>("[style]")) fence(element.style);
  for (const link of inside.querySelectorAll<HTMLAnchorElement>("a[href]")) tame(link);
}

/** Whether a mail brings colours of its own. */
export function paints(inside: Document): boolean {
  return inside.querySelector(COLOURED) !== null;
}

/**
 * Put words in the place of pictures that are not shown; whether some of them are from elsewhere.
 * Where the mail was asked for with its pictures, those come from the gateway and stay.
 */
export function holdImages(inside: Document, path: string): boolean {
  let held = false;
  for (const image of inside.querySelectorAll("img")) {
    const source = image.getAttribute("src") ?? "";
    if (source.startsWith("data:")) continue;
    if (source.startsWith(path) || source.startsWith(OWN)) {
      const give = () => {
        image.replaceWith(named(image, words.message.pictureGone));
      };
      if (image.complete && image.naturalWidth === 0) give();
      else image.addEventListener("error", give);
      continue;
    }
    if (image.dataset["file"] === undefined) held = true;
    image.replaceWith(standIn(image));
  }
  return held;
}

export type Folded = "nothing" | "quote" | "signature";

/**
 * Hide or show what a mail quotes from earlier ones, and its signature; says what there is to fold.
 * The gateway marks both; where it marked no quote, quotes are known by their element.
 */
export function foldQuotes(inside: Document, hidden: boolean): Folded {
  const isMarked = inside.querySelector("[data-fold='quote'], [data-fold='rest']") !== null;
  const folded = outermost(inside, isMarked ? "[data-fold]" : "[data-fold], blockquote");
  // A mail that is all quote, such as a bare forward, is shown.
  if (folded.length === 0 || isAll(inside, folded)) return "nothing";
  for (const part of folded) part.hidden = hidden;
  return folded.every((part) => part.dataset["fold"] === "signature") ? "signature" : "quote";
}

function outermost(inside: Document, selector: string): readonly HTMLElement[] {
  return [...inside.querySelectorAll<HTMLElement>(selector)].filter(
    (part) => (part.parentElement?.closest(selector) ?? null) === null,
  );
}

function isAll(inside: Document, quotes: readonly HTMLElement[]): boolean {
  const quoted = quotes.reduce((sum, quote) => sum + visibleLength(quote), 0);
  return quoted >= visibleLength(inside.body);
}

function visibleLength(element: HTMLElement): number {
  return element.textContent.replace(/\s+/gu, "").length;
}

function standIn(image: HTMLImageElement): HTMLElement | string {
  const here = image.dataset["file"] !== undefined;
  // A picture that nobody named is often only a counter, and not worth a place.
  if (!here && image.alt === "") return "";
  return named(image, here ? words.message.picture : words.message.pictureHeld);
}

function named(image: HTMLImageElement, otherwise: string): HTMLElement {
  const place = image.ownerDocument.createElement("span");
  place.className = "postgate-picture";
  place.textContent = image.alt === "" ? otherwise : words.message.pictureOf(image.alt, otherwise);
  return place;
}

function fence(style: CSSStyleDeclaration): void {
  if (style.position === "fixed" || style.position === "sticky") style.position = "static";
  for (const name of [...style]) {
    if (OF_FRAME.test(style.getPropertyValue(name))) style.removeProperty(name);
  }
}

function tame(link: HTMLAnchorElement): void {
  if (!SAFE_LINK.test(link.getAttribute("href") ?? "")) {
    link.removeAttribute("href");
    return;
  }
  link.target = "_blank";
  link.rel = "noopener noreferrer nofollow";
}
