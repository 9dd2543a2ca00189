/** The providers that can be connected. */

import { go, write, type Route } from "../route";
import { words } from "../words";
import { providers } from "./connections";
import type { Provider } from "./types";

export function ProviderList() {
  return (
    <ul class="cards two">
      {providers.value.map((one) => (
        <li key={one.name}>
          <Card of={one} />
        </li>
      ))}
    </ul>
  );
}

function Card({ of }: { readonly of: Provider }) {
  const place = `new/${of.name}`;
  const to: Route = { page: "settings", conversation: null, view: "open", area: "connections", place };
  return (
    <a
      class="card"
      href={write(to)}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        go(to);
      }}
    >
      <span class="card-name">
        <strong>{of.title}</strong>
        <span class="soft">{of.kinds.map((kind) => words.channels[kind]).join(", ")}</span>
      </span>
      <span class="card-summary">{of.summary}</span>
    </a>
  );
}
