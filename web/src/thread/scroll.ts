/**
 * Where the reader is in a thread, kept through everything that changes its height.
 *
 * At the bottom, the bottom is kept. Anywhere else, the message at the top edge
 * stays exactly where it is: while older messages load above it, while a mail
 * finds its height, while somebody answers below. Browsers that anchor by
 * themselves are told not to, so that all behave alike.
 */

import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

interface Anchor {
  readonly id: string;
  readonly offset: number;
}

interface Place {
  stuck: boolean;
  anchor: Anchor | null;
  top: number;
}

export interface ThreadScroll {
  readonly atEnd: boolean;
  readonly onScroll: () => void;
  readonly toEnd: () => void;
}

const NEAR = 48;
const READ_WITHIN = 600;
const FOUND = "found";

interface Reading {
  readonly older: () => void;
  readonly newer: () => void;
  /** Whether newer messages follow below that have not been read: the bottom is not the end then. */
  readonly inPast: boolean;
  /** A message to be brought into view. */
  readonly wanted: string | null;
  readonly shown: () => void;
}

/** For one thread: another one needs a component of its own. */
export function useThreadScroll(scroller: RefObject<HTMLElement | null>, reading: Reading): ThreadScroll {
  const place = useRef<Place>({ stuck: true, anchor: null, top: 0 });
  const [atEnd, setAtEnd] = useState(true);

  const note = () => {
    const pane = scroller.current;
    if (pane === null) return;
    // Growth below moves the end away without anybody scrolling: only going up lets go of it.
    const wentUp = pane.scrollTop < place.current.top - 1;
    const atBottom = distanceToEnd(pane) < NEAR || (place.current.stuck && !wentUp);
    place.current.stuck = !reading.inPast && atBottom;
    place.current.top = pane.scrollTop;
    place.current.anchor = findAnchor(pane);
    setAtEnd(place.current.stuck);
    readOn(pane);
  };
  const readOn = (pane: HTMLElement) => {
    if (pane.scrollTop < READ_WITHIN) reading.older();
    if (distanceToEnd(pane) < READ_WITHIN) reading.newer();
  };
  const keep = useRef<() => void>(() => undefined);
  keep.current = () => {
    const pane = scroller.current;
    if (pane === null) return;
    if (reading.inPast) place.current.stuck = false;
    restore(pane, place.current);
    const sought = reading.wanted === null ? null : seek(pane, reading.wanted);
    if (sought !== null) {
      place.current = sought;
      setAtEnd(false);
      reading.shown();
    }
    if (pane.scrollHeight <= pane.clientHeight + READ_WITHIN) readOn(pane);
  };

  useLayoutEffect(() => {
    if (scroller.current === null) return;
    place.current = arrive(scroller.current);
    setAtEnd(place.current.stuck);
  }, [scroller]);
  useLayoutEffect(() => {
    keep.current();
  });
  useEffect(() => {
    const pane = scroller.current;
    const content = pane?.firstElementChild;
    if (!pane || !content) return undefined;
    const observer = new ResizeObserver(() => {
      keep.current();
    });
    observer.observe(pane);
    observer.observe(content);
    return () => {
      observer.disconnect();
    };
  }, [scroller]);

  const toEnd = () => {
    place.current.stuck = true;
    setAtEnd(true);
    keep.current();
  };
  return { atEnd, onScroll: note, toEnd };
}

/** A thread opens at its unread line when that is further up than one screen, else at its end. */
function arrive(pane: HTMLElement): Place {
  pane.scrollTop = pane.scrollHeight;
  const line = pane.querySelector<HTMLElement>("[data-unread-line]");
  if (line === null || topOf(line, pane) >= 0) return { stuck: true, anchor: null, top: pane.scrollTop };
  pane.scrollTop += topOf(line, pane) - 16;
  return { stuck: false, anchor: findAnchor(pane), top: pane.scrollTop };
}

/** Bring a message to the upper third, and point it out; null while it is not there. */
function seek(pane: HTMLElement, id: string): Place | null {
  const element = pane.querySelector<HTMLElement>(`[data-message="${id}"]`);
  if (element === null) return null;
  pane.scrollTop += topOf(element, pane) - Math.max(16, (pane.clientHeight - element.offsetHeight) / 3);
  element.classList.add(FOUND);
  element.addEventListener(
    "animationend",
    () => {
      element.classList.remove(FOUND);
    },
    { once: true },
  );
  return { stuck: false, anchor: findAnchor(pane), top: pane.scrollTop };
}

function restore(pane: HTMLElement, place: Place): void {
  if (place.stuck) pane.scrollTop = pane.scrollHeight;
  else if (place.anchor !== null) bringBack(pane, place.anchor);
  place.top = pane.scrollTop;
}

function bringBack(pane: HTMLElement, anchor: Anchor): void {
  const element = pane.querySelector<HTMLElement>(`[data-message="${anchor.id}"]`);
  if (element === null) return;
  const drift = topOf(element, pane) - anchor.offset;
  if (Math.abs(drift) >= 1) pane.scrollTop += drift;
}

function findAnchor(pane: HTMLElement): Anchor | null {
  for (const element of pane.querySelectorAll<HTMLElement>("[data-message]")) {
    const offset = topOf(element, pane);
    const id = element.dataset["message"];
    if (offset + element.offsetHeight > 0 && id !== undefined) return { id, offset };
  }
  return null;
}

function topOf(element: HTMLElement, pane: HTMLElement): number {
  return element.getBoundingClientRect().top - pane.getBoundingClientRect().top;
}

function distanceToEnd(pane: HTMLElement): number {
  return pane.scrollHeight - pane.scrollTop - pane.clientHeight;
}
