/** The dialog in which a job that sends again is begun, whatever its fields are. */

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { refusedBecause } from "../settings/loaded";
import { Dialog } from "../ui/dialog";
import { words } from "../words";
import type { Recovery } from "./calls";

interface BeginProps {
  readonly title: string;
  readonly why: string;
  readonly begin: () => Promise<Recovery>;
  readonly onClose: () => void;
  readonly onBegun: (recovery: Recovery) => void;
  readonly children: ComponentChildren;
}

export function Begin({ title, why, begin, onClose, onBegun, children }: BeginProps) {
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const submit = async () => {
    setBusy(true);
    setRefusal(null);
    try {
      onBegun(await begin());
      onClose();
    } catch (error) {
      setRefusal(refusedBecause(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        class="dialog-text dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <p>{why}</p>
        {children}
        {refusal !== null && (
          <p class="form-refusal" role="alert">
            {refusal}
          </p>
        )}
        <div class="actions">
          <button type="submit" class="button primary" disabled={busy}>
            {busy ? words.deliveries.beginning : words.deliveries.begin}
          </button>
          <button type="button" class="button" onClick={onClose}>
            {words.deliveries.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
