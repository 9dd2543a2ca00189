/** Logging out, and saying so when that was not possible: somebody who walks away must know. */

import { signal } from "@preact/signals";
import { ApiError, logOut } from "../api";
import { endSession } from "../sync";
import { Dialog } from "../ui/dialog";
import { words } from "../words";

const failed = signal(false);

export async function leave(): Promise<void> {
  try {
    await logOut();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    failed.value = true;
    return;
  }
  endSession("left");
}

export function LogoutFailed() {
  if (!failed.value) return null;
  const close = () => {
    failed.value = false;
  };
  return (
    <Dialog title={words.menu.logoutError} onClose={close}>
      <p class="dialog-text">{words.menu.logoutErrorWhy}</p>
    </Dialog>
  );
}
