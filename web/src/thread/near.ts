/** Whether an element is on screen or about to be: once near, always near. */

import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

const MARGIN = "800px 0px";

export function useNear(element: RefObject<HTMLElement | null>): boolean {
  const [near, setNear] = useState(false);
  useEffect(() => {
    const target = element.current;
    if (target === null || near) return undefined;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) setNear(true);
      },
      { rootMargin: MARGIN },
    );
    observer.observe(target);
    return () => {
      observer.disconnect();
    };
  }, [element, near]);
  return near;
}
