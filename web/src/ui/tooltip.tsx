/**
 * A button whose explanation shows on hover, on focus and on tap.
 *
 * The bubble is placed in the viewport, so that no scrolling pane cuts it off.
 */

import type { ComponentChildren } from "preact";
import { useId, useRef, useState } from "preact/hooks";
import "./tooltip.css";

interface TooltipProps {
  readonly tip: ComponentChildren;
  readonly class?: string;
  readonly children: ComponentChildren;
}

interface Place {
  readonly left: string;
  readonly top: string;
}

// Half of the widest bubble, and a little air.
const EDGE = 144;

export function Tooltip({ tip, class: name = "", children }: TooltipProps) {
  const [place, setPlace] = useState<Place | null>(null);
  const anchor = useRef<HTMLButtonElement>(null);
  const id = useId();
  const show = () => {
    setPlace(anchor.current === null ? null : placeAbove(anchor.current.getBoundingClientRect()));
  };
  const hide = () => {
    setPlace(null);
  };
  return (
    <>
      <button
        type="button"
        ref={anchor}
        class={`tip-anchor ${name}`}
        aria-describedby={place === null ? undefined : id}
        onPointerEnter={show}
        onPointerLeave={hide}
        onFocus={show}
        onBlur={hide}
        onClick={show}
        onKeyDown={(event) => {
          if (event.key === "Escape") hide();
        }}
      >
        {children}
      </button>
      {place !== null && (
        <span class="tip" role="tooltip" id={id} style={{ left: place.left, top: place.top }}>
          {tip}
        </span>
      )}
    </>
  );
}

function placeAbove(box: DOMRect): Place {
  const middle = box.left + box.width / 2;
  const left = Math.min(Math.max(middle, EDGE), window.innerWidth - EDGE);
  return { left: `${left}px`, top: `${box.top - 6}px` };
}
