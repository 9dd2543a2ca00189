/** Whether teams hand conversations to this person, and saying so when that could not be changed. */

import { computed, signal } from "@preact/signals";
import { ApiError, post } from "../api";
import { toEvent } from "../model/event";
import type { Member } from "../model/shared";
import { me } from "../store";
import { Dialog } from "../ui/dialog";
import { words } from "../words";
import { foldShared, member } from "../workspace";

const failed = signal(false);

/** Null for whoever no team can hand anything to. */
export const away = computed(() => {
  const mine = member(me.value?.user?.id);
  return mine === null ? null : mine.availability === "away";
});

export async function setAway(wanted: boolean): Promise<void> {
  try {
    const mine = await post<Member>("/me/availability", { availability: wanted ? "away" : "online" }, "PUT");
    foldShared([toEvent({ type: "member.updated", seq: 0, data: mine })]); // the log may be away for a while
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    failed.value = true;
  }
}

export function AvailabilityFailed() {
  if (!failed.value) return null;
  const close = () => {
    failed.value = false;
  };
  return (
    <Dialog title={words.menu.availabilityError} onClose={close}>
      <p class="dialog-text">{words.menu.availabilityErrorWhy}</p>
    </Dialog>
  );
}
