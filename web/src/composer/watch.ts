/** What writing needs from the page: whose drafts they are, and when the page goes away. */

import { effect } from "@preact/signals";
import { ApiError } from "../api";
import { me } from "../store";
import { forgetDrafts, keepNow, loadDrafts } from "./drafts";
import { forgetFiles } from "./files";
import { emptyOutbox, keepOutbox } from "./outbox";

export function watchComposer(): () => void {
  let owner: string | null = null;
  const stopKeeping = keepOutbox();
  const stopFollowing = effect(() => {
    const user = me.value?.user?.id ?? null;
    if (user === owner) return;
    owner = user;
    forgetDrafts();
    forgetFiles();
    if (user === null) emptyOutbox();
    else void readDrafts();
  });
  addEventListener("pagehide", keepNow);
  return () => {
    stopKeeping();
    stopFollowing();
    removeEventListener("pagehide", keepNow);
  };
}

// Without them one begins anew; what is written then is kept as ever.
async function readDrafts(): Promise<void> {
  try {
    await loadDrafts();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
}
