/** One page of the settings: its title, the way back, what can be done, and what it shows. */

import { ArrowLeft } from "lucide";
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { go } from "../route";
import { Icon } from "../ui/icon";
import { words } from "../words";

interface ScreenProps {
  readonly title: string;
  readonly lead?: string;
  /** From a page within an area to another of it; the first page of an area has none. */
  readonly back?: { readonly place: string; readonly label: string; readonly query?: string };
  readonly action?: ComponentChildren;
  /** For tables and things side by side. */
  readonly wide?: boolean;
  readonly children: ComponentChildren;
}

export function Screen({ title, lead, back, action, wide = false, children }: ScreenProps) {
  const column = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    // What it lies in stays when another page takes this one's place, as far down as somebody had read.
    const body = column.current?.parentElement;
    if (body) body.scrollTop = 0;
  }, []);
  return (
    <div class={wide ? "settings-column wide" : "settings-column"} ref={column}>
      <header class="settings-head">
        <button
          type="button"
          class={back === undefined ? "button quiet square only-phone" : "button quiet square"}
          aria-label={back?.label ?? words.settings.backToMenu}
          onClick={() => {
            go(back === undefined ? { area: "" } : { place: back.place, query: back.query ?? "" });
          }}
        >
          <Icon of={ArrowLeft} />
        </button>
        <div class="settings-title">
          <h1>{title}</h1>
          {lead !== undefined && <p>{lead}</p>}
        </div>
        {action}
      </header>
      {children}
    </div>
  );
}
