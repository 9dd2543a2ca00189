/** The rows that can be seen, out of all that there are. */

import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { words } from "../words";
import { useVirtual } from "../ui/virtual";
import { chosenIndex, moves } from "./choice";
import { reach, readMore, retry } from "./conversations";
import { shownRows } from "./hold";
import { Row } from "./row";
import { choosing, selection } from "./selection";

interface RowsProps {
  readonly scroller: RefObject<HTMLElement | null>;
}

const NEAR_END = 20;
const phone = matchMedia("(max-width: 767px)");

export function Rows({ scroller }: RowsProps) {
  const rows = shownRows.value;
  const rowHeight = useRowHeight();
  const virtual = useVirtual({
    count: rows.length,
    rowHeight,
    scroller,
    keyOf: (index) => rows[index]?.id ?? String(index),
  });
  useMoves(scroller, virtual.scrollTo);
  const lastSeen = virtual.items.at(-1)?.index ?? 0;
  const nearEnd = lastSeen >= rows.length - NEAR_END;
  useEffect(() => {
    if (nearEnd && reach.peek().state === "idle") void readMore();
  }, [nearEnd, rows.length]);
  return (
    <>
      <ul
        class="rows"
        data-selecting={choosing.value || selection.value.length > 0}
        style={{ height: `${virtual.height}px` }}
      >
        {virtual.items.map((item) => {
          const row = rows[item.index];
          if (row === undefined) return null;
          return (
            <li
              key={item.key}
              style={{ height: `${item.size}px`, transform: `translateY(${item.start}px)` }}
              aria-setsize={rows.length}
              aria-posinset={item.index + 1}
            >
              <Row of={row} reachable={item.index === chosenIndex.value} />
            </li>
          );
        })}
      </ul>
      <Foot />
    </>
  );
}

function Foot() {
  const { begun, state } = reach.value;
  if (begun && state === "loading") return <p class="list-foot">{words.list.loadingMore}</p>;
  if (state !== "failed") return null;
  return (
    <p class="list-foot" role="alert">
      {words.list.moreError}{" "}
      <button type="button" class="link" onClick={() => void retry()}>
        {words.error.retry}
      </button>
    </p>
  );
}

/** After a move by key: bring the chosen row into view and give it focus once it is there. */
function useMoves(scroller: RefObject<HTMLElement | null>, scrollTo: (index: number) => void): void {
  const done = useRef(moves.peek());
  const turn = moves.value;
  const index = chosenIndex.value;
  useLayoutEffect(() => {
    if (done.current === turn) return;
    const row = scroller.current?.querySelector<HTMLElement>('.row[tabindex="0"]');
    scrollTo(index);
    if (!row) return; // not drawn yet: the scroll draws it, and this runs again
    row.focus({ preventScroll: true });
    done.current = turn;
  });
}

function useRowHeight(): number {
  const narrow = useSignal(phone.matches);
  useEffect(() => {
    const follow = () => {
      narrow.value = phone.matches;
    };
    phone.addEventListener("change", follow);
    return () => {
      phone.removeEventListener("change", follow);
    };
  }, [narrow]);
  return narrow.value ? 76 : 68;
}
