/** Asking for the password again: an open page may have been left alone. */

import { useRef, useState } from "preact/hooks";
import { Dialog } from "../../ui/dialog";
import { words } from "../../words";
import { refusedBecause } from "../loaded";

interface ProveProps {
  readonly onProve: (password: string) => Promise<void>;
  readonly onClose: () => void;
}

export function Prove({ onProve, onClose }: ProveProps) {
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const password = useRef<HTMLInputElement>(null);
  const submit = async () => {
    setBusy(true);
    setRefusal(null);
    try {
      await onProve(password.current?.value ?? "");
    } catch (error) {
      setRefusal(refusedBecause(error));
      setBusy(false);
      password.current?.select();
    }
  };
  return (
    <Dialog title={words.profile.proveTitle} onClose={onClose}>
      <form
        class="dialog-text dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <label class="field">
          <span>{words.profile.current}</span>
          <input
            ref={password}
            type="password"
            name="current"
            autocomplete="current-password"
            required
            aria-invalid={refusal !== null}
          />
        </label>
        {refusal !== null && (
          <p class="form-refusal" role="alert">
            {refusal}
          </p>
        )}
        <div class="actions">
          <button type="submit" class="button primary" disabled={busy}>
            {words.profile.go}
          </button>
          <button type="button" class="button" onClick={onClose}>
            {words.profile.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
