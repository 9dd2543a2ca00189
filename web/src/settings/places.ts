/** Where one is within the settings of connections. */

import { go } from "../route";

export function goTo(place: string): void {
  go({ page: "settings", conversation: null, area: "connections", place });
}
