/** Getting from a loaded file to a live page. */

import { effect, signal } from "@preact/signals";
import { ApiError } from "../api";
import { watchComposer } from "../composer/watch";
import "../keys/all";
import { watchKeys } from "../keys/watch";
import { openView, reach as listReach } from "../list/conversations";
import { go, openId, route, watchHistory } from "../route";
import { me } from "../store";
import { start, watchNetwork } from "../sync";
import { openThread, reach as threadReach, readWhatIsSeen } from "../thread/messages";
import { placeUnreadLine } from "../thread/unread";
import { watchPresence } from "../thread/presence";
import { startClock } from "../ui/time";
import { watchCounts } from "./counts";
import { watchFirstSteps } from "./firststeps";
import { watchTab } from "./tab";

/** Whether the gateway could not be reached when the page opened. */
export const unreachable = signal(false);

export function startPage(): void {
  watchHistory();
  watchNetwork();
  startClock();
  watchKeys();
  watchTab();
  watchCounts();
  watchFirstSteps();
  readWhatIsSeen(placeUnreadLine);
  watchPresence();
  watchComposer();
  effect(loadWhatIsShown);
  // Whoever follows a link to join or to set a password has not come in yet.
  if (!["join", "reset"].includes(route.peek().page)) void boot();
}

/** Try to become live; without a session this leads to the login. */
export async function boot(): Promise<void> {
  unreachable.value = false;
  try {
    await start();
    if (route.peek().page === "login") go({ page: "inbox" }, "replace");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    unreachable.value = error.status !== 401;
  }
}

// Whatever the address names is read once; a failure stays until somebody tries again.
function loadWhatIsShown(): void {
  if (me.value === null) return;
  const list = listReach.value;
  const thread = threadReach.value;
  const id = openId.value;
  if (!list.begun && list.state === "idle") void openView();
  if (id !== null && !thread.begun && thread.state === "idle") void openThread(id);
}
