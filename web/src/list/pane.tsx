/** The list of conversations: heading, rows, and what stands in for them. */

import { ArrowUp, ChevronDown, RefreshCw, TriangleAlert } from "lucide";
import { useEffect, useRef } from "preact/hooks";
import { AccountMenu } from "../shell/account";
import { viewIcon, viewName } from "../shell/views";
import { go, view, VIEWS } from "../route";
import { Delayed } from "../ui/delayed";
import { Icon } from "../ui/icon";
import { Menu, MenuItem } from "../ui/menu";
import { Notice } from "../ui/notice";
import { words } from "../words";
import { reach, retry } from "./conversations";
import { EmptyView } from "./empty";
import { listScrolled, newerRows, pointerGone, pointerMoved, release, shownRows } from "./hold";
import { Rows } from "./rows";
import "./pane.css";

export function ListPane() {
  const scroller = useRef<HTMLDivElement>(null);
  const shown = view.value;
  useEffect(() => {
    if (scroller.current !== null) scroller.current.scrollTop = 0;
    release();
  }, [shown]);
  const toTop = () => {
    release();
    scroller.current?.scrollTo({ top: 0 });
  };
  return (
    <section class="list-pane" aria-label={words.list.label}>
      <header class="pane-head">
        <h2 class="list-title">{viewName(shown)}</h2>
        <ViewMenu />
        {newerRows.value > 0 && (
          <button type="button" class="newer" onClick={toTop}>
            <Icon of={ArrowUp} size={14} />
            {words.list.newer(newerRows.value)}
          </button>
        )}
        <div class="list-account">
          <AccountMenu side="below" />
        </div>
      </header>
      <div class="list-body">
        <div
          class="list-scroll"
          ref={scroller}
          onPointerMove={(event) => {
            if (event.pointerType === "mouse") pointerMoved();
          }}
          onPointerLeave={pointerGone}
          onScroll={(event) => {
            listScrolled(event.currentTarget.scrollTop);
          }}
        >
          <Body scroller={scroller} />
        </div>
      </div>
    </section>
  );
}

function Body({ scroller }: Parameters<typeof Rows>[0]) {
  const { begun, state } = reach.value;
  if (shownRows.value.length > 0) return <Rows scroller={scroller} />;
  if (state === "failed") return <Failed />;
  if (!begun) return <Bones />;
  return <EmptyView of={view.value} />;
}

// On a phone there is no rail: the heading itself opens the views.
function ViewMenu() {
  const face = (
    <>
      {viewName(view.value)}
      <Icon of={ChevronDown} />
    </>
  );
  return (
    <div class="view-menu">
      <Menu label={words.views.choose} face={face} class="view-menu-face">
        {VIEWS.map((one) => (
          <MenuItem
            key={one}
            checked={one === view.value}
            onSelect={() => {
              go({ view: one, conversation: null });
            }}
          >
            <Icon of={viewIcon(one)} />
            {viewName(one)}
          </MenuItem>
        ))}
      </Menu>
    </div>
  );
}

function Failed() {
  return (
    <Notice icon={TriangleAlert} title={words.list.error} alert>
      {reach.value.failure === 0 && <p>{words.error.unreachable}</p>}
      <button type="button" class="button" onClick={() => void retry()}>
        <Icon of={RefreshCw} />
        {words.error.retry}
      </button>
    </Notice>
  );
}

function Bones() {
  return (
    <Delayed>
      <div class="bones" role="status" aria-label={words.list.loading}>
        {Array.from({ length: 8 }, (_, index) => (
          <div class="bone-row" key={index}>
            <span class="bone face" />
            <span class="bone name" />
            <span class="bone preview" />
          </div>
        ))}
      </div>
    </Delayed>
  );
}
