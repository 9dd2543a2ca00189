/** Shows its children only when they are still wanted after 150 ms: quick answers never flash. */

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

const PATIENCE = 150;

export function Delayed({ children }: { readonly children: ComponentChildren }) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => {
      setLate(true);
    }, PATIENCE);
    return () => {
      clearTimeout(timer);
    };
  }, []);
  return late ? <>{children}</> : null;
}
