/** The list of conversations: heading, rows, and what stands in for them. */

import { ArrowUp, ChevronDown, ListChecks, RefreshCw, TriangleAlert } from "lucide";
import { useEffect, useRef } from "preact/hooks";
import { may } from "../permissions";
import { AccountMenu } from "../shell/account";
import { viewIcon, viewName } from "../shell/views";
import { go, view, VIEWS, type View } from "../route";
import { SearchButton } from "../search/search";
import { Delayed } from "../ui/delayed";
import { Icon } from "../ui/icon";
import { Lazy } from "../ui/lazy";
import { Menu, MenuItem, MenuTitle } from "../ui/menu";
import { Notice } from "../ui/notice";
import { words } from "../words";
import { labels, teams, views } from "../workspace";
import { BulkBar } from "./bulkbar";
import { reach, retry } from "./conversations";
import { EmptyView } from "./empty";
import { FilterButtons, FilterChips } from "./filterbar";
import { listScrolled, newerRows, pointerGone, pointerMoved, release, shownRows } from "./hold";
import { Rows } from "./rows";
import { clearSelection, startChoosing } from "./selection";
import "./pane.css";

const loadMentions = () => import("./mentions");

export function ListPane() {
  const scroller = useRef<HTMLDivElement>(null);
  const shown = view.value;
  useEffect(() => {
    if (scroller.current !== null) scroller.current.scrollTop = 0;
    release();
    clearSelection();
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
        {newerRows.value > 0 && shown !== "mentions" && (
          <button type="button" class="newer" onClick={toTop}>
            <Icon of={ArrowUp} size={14} />
            {words.list.newer(newerRows.value)}
          </button>
        )}
        <div class="list-tools">
          <SearchButton />
          {shown !== "mentions" && <FilterButtons />}
          <div class="list-account">
            <AccountMenu side="below" />
          </div>
        </div>
      </header>
      {shown !== "mentions" && <FilterChips />}
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
          {shown === "mentions" ? <Lazy load={loadMentions} of={{}} /> : <Body scroller={scroller} />}
        </div>
        <BulkBar />
      </div>
    </section>
  );
}

function Body({ scroller }: Parameters<typeof Rows>[0]) {
  const { begun, state } = reach.value;
  if (!begun && state === "failed") return <Failed />;
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
        <ViewItems of={VIEWS} />
        <ViewItems title={words.views.saved} of={views.value.map((one) => one.id as View)} />
        <ViewItems title={words.views.teams} of={teams.value.map((one) => one.id as View)} />
        <ViewItems title={words.views.labels} of={labels.value.map((one) => one.id as View)} />
        {view.value !== "mentions" && may("conversations.write") && shownRows.value.length > 0 && (
          <>
            <MenuTitle>{words.list.label}</MenuTitle>
            <MenuItem onSelect={startChoosing}>
              <Icon of={ListChecks} />
              {words.bulk.choose}
            </MenuItem>
          </>
        )}
      </Menu>
    </div>
  );
}

function ViewItems({ title, of }: { readonly title?: string; readonly of: readonly View[] }) {
  if (of.length === 0) return null;
  return (
    <>
      {title !== undefined && <MenuTitle>{title}</MenuTitle>}
      {of.map((one) => (
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
    </>
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
