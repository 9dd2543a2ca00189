/** The browser tab: how many conversations wait, in its title and on its icon, and which page it shows. */

import { effect } from "@preact/signals";
import { route, type Route } from "../route";
import { words } from "../words";
import { countOf } from "./counts";

const PLAIN = "/assets/favicon.svg";
const WAITING = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">' +
    '<rect width="32" height="32" rx="8" fill="#0b6e64"/>' +
    '<path d="M8 23V14a8 8 0 0 1 16 0v9" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round"/>' +
    '<circle cx="24" cy="8" r="8" fill="#fff"/><circle cx="24" cy="8" r="6" fill="#c8372d"/></svg>',
)}`;

export function watchTab(): () => void {
  return effect(() => {
    const name = nameOf(route.value.page);
    if (name === null) return;
    const count = countOf("unread");
    document.title = `${count === "" ? "" : `(${count}) `}${name}${words.product}`;
    const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
    if (icon !== null) icon.href = count === "" ? PLAIN : WAITING;
  });
}

/** What stands before the product's name; null for the ways in, which name themselves. */
function nameOf(page: Route["page"]): string | null {
  switch (page) {
    case "inbox":
      return "";
    case "customers":
      return `${words.customers.title} · `;
    case "settings":
      return `${words.settings.title} · `;
    default:
      return null;
  }
}
