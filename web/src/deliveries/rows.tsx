/** The deliveries that can be seen, out of all that were read. */

import { ArrowUp } from "lucide";
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { endpointName, endpointOf } from "../endpoints/known";
import type { Delivery } from "../model/endpoint";
import { go, query, route, write } from "../route";
import { Icon } from "../ui/icon";
import { Link } from "../ui/link";
import { exact, now, relative } from "../ui/time";
import { useVirtual } from "../ui/virtual";
import { words } from "../words";
import { cursor, fresh, list, more, showFresh, stuck } from "./ledger";
import { StatusBadge } from "./status";
import { inShort } from "./words";

const NEAR_END = 15;
const ROW = 44;
const ROW_PHONE = 72;
const phone = matchMedia("(max-width: 1023px)");

let looking = false;

/** Whether somebody is amid the list, so that nothing may move there. */
export function reading(): boolean {
  return looking;
}

export function Rows() {
  const rows = list.value;
  const scroller = useRef<HTMLElement | null>(null);
  const element = useRef<HTMLUListElement>(null);
  useLayoutEffect(() => {
    scroller.current = element.current?.closest<HTMLElement>(".settings-body") ?? null;
    return watchReader(element.current, scroller.current);
  }, []);
  const virtual = useVirtual({
    count: rows.length,
    rowHeight: useRowHeight(),
    scroller,
    list: element,
    keyOf: (index) => rows[index]?.id ?? String(index),
  });
  const nearEnd = (virtual.items.at(-1)?.index ?? 0) >= rows.length - NEAR_END;
  useEffect(() => {
    if (nearEnd) void more();
  }, [nearEnd, rows.length]);
  return (
    <div class="delivery-list">
      <p role="status" class="delivery-fresh">
        {fresh.value.length > 0 && (
          <button
            type="button"
            class="button"
            onClick={() => {
              showFresh();
              scroller.current?.scrollTo({ top: 0 });
            }}
          >
            <Icon of={ArrowUp} />
            {words.deliveries.fresh(fresh.value.length)}
          </button>
        )}
      </p>
      <ul
        ref={element}
        class="delivery-rows"
        aria-label={words.deliveries.rows}
        style={{ height: `${virtual.height}px` }}
      >
        {virtual.items.map((item) => {
          const row = rows[item.index];
          if (row === undefined) return null;
          return (
            <li
              key={item.key}
              style={{ height: `${item.size}px`, transform: `translateY(${item.start}px)` }}
              aria-setsize={cursor.value === null ? rows.length : -1}
              aria-posinset={item.index + 1}
            >
              <Row of={row} />
            </li>
          );
        })}
      </ul>
      {cursor.value !== null && <Foot />}
    </div>
  );
}

function Foot() {
  if (!stuck.value) return <p class="soft delivery-foot">{words.deliveries.loadingMore}</p>;
  return (
    <p class="delivery-foot" role="alert">
      {words.deliveries.error}{" "}
      <button type="button" class="link" onClick={() => void more()}>
        {words.error.retry}
      </button>
    </p>
  );
}

function Row({ of }: { readonly of: Delivery }) {
  const endpoint = endpointOf(of.endpoint_id);
  return (
    <Link
      class="delivery-row"
      href={write({ ...route.value, place: of.id })}
      onGo={() => {
        go({ place: of.id, query: query.peek().toString() });
      }}
    >
      <time class="numbers soft" dateTime={of.created_at} title={exact(of.created_at)}>
        {relative(of.created_at, now.value)}
      </time>
      {of.kind === "ping" ? (
        <span class="delivery-type">{words.deliveries.testEvent}</span>
      ) : (
        <code class="delivery-type">{of.event_type}</code>
      )}
      <span class="delivery-endpoint">{endpoint === null ? of.endpoint_id : endpointName(endpoint)}</span>
      <span class="delivery-mark">
        <StatusBadge of={of} />
      </span>
      <span class="delivery-words soft">{inShort(of)}</span>
      <span class="delivery-count numbers soft">
        {of.attempts > 0 && words.deliveries.attemptCount(of.attempts)}
      </span>
    </Link>
  );
}

/** Keep in mind whether somebody points at the list, is in it by key, or has scrolled down. */
function watchReader(rows: HTMLElement | null, pane: HTMLElement | null): () => void {
  const listening = new AbortController();
  const { signal } = listening;
  let inside = false;
  const look = () => {
    looking = inside || rows?.contains(document.activeElement) === true || (pane?.scrollTop ?? 0) > 0;
  };
  const enter = () => {
    inside = true;
    look();
  };
  const leave = () => {
    inside = false;
    look();
  };
  rows?.addEventListener("pointerenter", enter, { signal });
  rows?.addEventListener("pointerleave", leave, { signal });
  rows?.addEventListener("focusin", look, { signal });
  rows?.addEventListener("focusout", () => setTimeout(look), { signal });
  pane?.addEventListener("scroll", look, { signal, passive: true });
  look();
  return () => {
    listening.abort();
    looking = false;
  };
}

/** Phones give each delivery three lines. */
function useRowHeight(): number {
  const height = useSignal(phone.matches ? ROW_PHONE : ROW);
  useEffect(() => {
    const measure = () => {
      height.value = phone.matches ? ROW_PHONE : ROW;
    };
    phone.addEventListener("change", measure);
    return () => {
      phone.removeEventListener("change", measure);
    };
  }, [height]);
  return height.value;
}
