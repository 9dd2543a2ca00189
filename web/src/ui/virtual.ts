/** A list of which only what can be seen is in the document: rows of one height, however many there are. */

import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";

interface VirtualOptions {
  readonly count: number;
  readonly rowHeight: number;
  readonly scroller: RefObject<HTMLElement | null>;
  readonly keyOf: (index: number) => string;
  /** The list itself, where something else stands above it in what scrolls. */
  readonly list?: RefObject<HTMLElement | null>;
}

export interface VirtualItem {
  readonly index: number;
  readonly key: string;
  /** Pixels from the top of the list. */
  readonly start: number;
  readonly size: number;
}

export interface Virtual {
  readonly items: readonly VirtualItem[];
  readonly height: number;
  readonly scrollTo: (index: number) => void;
}

interface Range {
  readonly first: number;
  readonly end: number;
}

/** Rows drawn beyond each edge, so that scrolling a little shows no gap. */
const BEYOND = 8;

export function useVirtual({ count, rowHeight, scroller, keyOf, list }: VirtualOptions): Virtual {
  const [seen, setSeen] = useState<Range>({ first: 0, end: 2 * BEYOND });
  useLayoutEffect(() => {
    const pane = scroller.current;
    if (pane === null) return undefined;
    const look = () => {
      const next = rangeOf(pane, rowHeight, above(pane, list?.current));
      setSeen((known) => (known.first === next.first && known.end === next.end ? known : next));
    };
    look();
    const observer = new ResizeObserver(look);
    observer.observe(pane);
    pane.addEventListener("scroll", look, { passive: true });
    return () => {
      observer.disconnect();
      pane.removeEventListener("scroll", look);
    };
  }, [scroller, list, rowHeight]);
  const end = Math.min(seen.end, count);
  // Fewer rows than there were: the pane has not been told yet that it scrolled up.
  const first = Math.min(seen.first, Math.max(0, end - 1));
  const items = Array.from({ length: Math.max(0, end - first) }, (_, place) => {
    const index = first + place;
    return { index, key: keyOf(index), start: index * rowHeight, size: rowHeight };
  });
  return {
    items,
    height: count * rowHeight,
    scrollTo: (index) => {
      const pane = scroller.current;
      if (pane !== null) reveal(pane, above(pane, list?.current) + index * rowHeight, rowHeight);
    },
  };
}

/** Pixels that scroll away before the list begins. */
function above(pane: HTMLElement, list: HTMLElement | null | undefined): number {
  if (!list) return 0;
  return list.getBoundingClientRect().top - pane.getBoundingClientRect().top + pane.scrollTop;
}

function rangeOf(pane: HTMLElement, rowHeight: number, lead: number): Range {
  const top = Math.floor((pane.scrollTop - lead) / rowHeight);
  const below = Math.ceil((pane.scrollTop - lead + pane.clientHeight) / rowHeight);
  return { first: Math.max(0, top - BEYOND), end: Math.max(0, below) + BEYOND };
}

/** Scroll as little as shows the whole row. */
function reveal(pane: HTMLElement, start: number, size: number): void {
  if (start < pane.scrollTop) pane.scrollTop = start;
  else if (start + size > pane.scrollTop + pane.clientHeight)
    pane.scrollTop = start + size - pane.clientHeight;
}
