/** What was just merged, and the way back. It stays until somebody dismisses it, undoes it, or merges again. */

import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { undoMerge } from "../customers/calls";
import { words } from "../words";
import { faultOf } from "./identities";

interface Done {
  readonly text: string;
  /** The merge that can be undone. */
  readonly merge: string | null;
}

export const done = signal<Done | null>(null);

export function Toast() {
  const [busy, setBusy] = useState(false);
  const said = done.value;
  if (said === null) return null;
  const undo = async (merge: string) => {
    setBusy(true);
    try {
      await undoMerge(merge);
      done.value = { text: words.customers.undone, merge: null };
    } catch (error) {
      done.value = { text: faultOf(error), merge };
    }
    setBusy(false);
  };
  const { merge } = said;
  return (
    <div class="toast" role="status">
      <span>{said.text}</span>
      {merge !== null && (
        <button type="button" disabled={busy} onClick={() => void undo(merge)}>
          {words.customers.undo}
        </button>
      )}
      <button
        type="button"
        onClick={() => {
          done.value = null;
        }}
      >
        {words.customers.dismiss}
      </button>
    </div>
  );
}
