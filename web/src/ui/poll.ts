/** Doing something again and again, as long as somebody looks. */

import { useEffect, useRef } from "preact/hooks";

/**
 * Call `look` now and every so many milliseconds while the page is visible and `wanted`, never twice at a time;
 * and at once when `topic` is another.
 */
export function usePoll(look: () => Promise<void>, every: number, wanted = true, topic = ""): void {
  const latest = useRef(look);
  latest.current = look;
  useEffect(() => {
    if (!wanted) return undefined;
    let busy = false;
    const once = async () => {
      if (busy || document.hidden) return;
      busy = true;
      try {
        await latest.current();
      } finally {
        busy = false;
      }
    };
    void once();
    const timer = setInterval(() => void once(), every);
    return () => {
      clearInterval(timer);
    };
  }, [every, wanted, topic]);
}
