/** Where one is within the settings. */

import { go } from "../route";

export function goTo(place: string): void {
  go({ page: "settings", conversation: null, place });
}
