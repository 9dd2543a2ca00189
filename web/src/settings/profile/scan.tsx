/** A secret for an app, as a picture and in letters, and the first code that proves that it arrived. */

import { useRef, useState } from "preact/hooks";
import { Dialog } from "../../ui/dialog";
import { words } from "../../words";
import { CopyButton } from "../copy";
import { refusedBecause } from "../loaded";
import { confirmSecondFactor, type NewSecondFactor } from "./calls";

interface ScanProps {
  readonly of: NewSecondFactor;
  readonly onConfirmed: (codes: readonly string[]) => void;
  readonly onClose: () => void;
}

export function Scan({ of, onConfirmed, onClose }: ScanProps) {
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const code = useRef<HTMLInputElement>(null);
  const submit = async () => {
    setBusy(true);
    setRefusal(null);
    try {
      onConfirmed(await confirmSecondFactor(code.current?.value.trim() ?? ""));
    } catch (error) {
      setRefusal(refusedBecause(error));
      setBusy(false);
      code.current?.select();
    }
  };
  return (
    <Dialog title={words.profile.scanTitle} onClose={onClose}>
      <form
        class="dialog-text dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <p>{words.profile.scan}</p>
        <img class="qr" src={`data:image/svg+xml,${encodeURIComponent(of.qr)}`} alt={words.profile.qr} />
        <p class="soft">{words.profile.typeIn}</p>
        <span class="code-line">
          <code>{of.secret}</code>
          <CopyButton text={of.secret} what={words.profile.key} />
        </span>
        <label class="field">
          <span>{words.profile.code}</span>
          <input
            ref={code}
            class="numbers"
            name="code"
            inputMode="numeric"
            autocomplete="one-time-code"
            pattern="[0-9]{6}"
            maxLength={6}
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
            {words.profile.confirm}
          </button>
          <button type="button" class="button" onClick={onClose}>
            {words.profile.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
