/** Choosing rows by touch: a long press begins, and from then on each tap takes a row in or out. */

import { useEffect, useRef } from "preact/hooks";
import type { ConversationId } from "../model/types";
import { may } from "../permissions";
import { choosing, startChoosing, toggle } from "./selection";

const LONG = 450;
const NEAR = 10;

interface Press {
  readonly onPointerDown: (event: PointerEvent) => void;
  readonly onPointerMove: (event: PointerEvent) => void;
  readonly onPointerUp: () => void;
  readonly onPointerCancel: () => void;
  readonly onContextMenu: (event: MouseEvent) => void;
}

interface Held {
  readonly timer: ReturnType<typeof setTimeout>;
  readonly x: number;
  readonly y: number;
}

/** What a row listens to, and whether a click on it was none: the end of a long press, or a choice. */
export function usePress(id: ConversationId): readonly [Press, (event: MouseEvent) => boolean] {
  const held = useRef<Held | null>(null);
  const touched = useRef(false);
  const long = useRef(false);
  const letGo = () => {
    clearTimeout(held.current?.timer);
    held.current = null;
  };
  useEffect(() => letGo, []);
  const press: Press = {
    onPointerDown: (event) => {
      letGo();
      long.current = false;
      touched.current = event.pointerType === "touch";
      if (!touched.current || choosing.peek() || !may("conversations.write")) return;
      const begin = () => {
        long.current = true;
        startChoosing();
        toggle(id);
      };
      held.current = { timer: setTimeout(begin, LONG), x: event.clientX, y: event.clientY };
    },
    onPointerMove: ({ clientX, clientY }) => {
      if (held.current === null) return;
      if (Math.hypot(clientX - held.current.x, clientY - held.current.y) > NEAR) letGo();
    },
    onPointerUp: letGo,
    onPointerCancel: letGo,
    // The browser has a menu of its own for a link that is pressed long.
    onContextMenu: (event) => {
      if (touched.current) event.preventDefault();
    },
  };
  const consumes = (event: MouseEvent) => {
    if (!long.current && !(touched.current && choosing.peek())) return false;
    event.preventDefault();
    if (!long.current) toggle(id);
    long.current = false;
    return true;
  };
  return [press, consumes];
}
