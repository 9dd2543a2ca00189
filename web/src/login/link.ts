/** What stands behind # in a link that came by mail; it never goes to a server by itself. */

import { useEffect, useState } from "preact/hooks";
import { reasonFor } from "./card";

export const tokenInLink = location.hash.slice(1);

export interface Looked<Found> {
  readonly found: Found | null;
  readonly dead: string | null;
}

/** Ask what a link leads to, once. */
export function useLook<Found>(look: (token: string) => Promise<Found>): Looked<Found> {
  const [looked, setLooked] = useState<Looked<Found>>({ found: null, dead: null });
  useEffect(() => {
    look(tokenInLink || "-").then(
      (found) => {
        setLooked({ found, dead: null });
      },
      (error: unknown) => {
        setLooked({ found: null, dead: reasonFor(error) });
      },
    );
  }, [look]);
  return looked;
}
