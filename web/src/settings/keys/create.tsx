/** A new API key: what it is for, and what it may do. */

import { useRef, useState } from "preact/hooks";
import { me } from "../../store";
import { Dialog } from "../../ui/dialog";
import { words } from "../../words";
import { refusedBecause } from "../loaded";
import { Ticks } from "../ticks";
import { createKey, type NewApiKey } from "./calls";

interface CreateKeyProps {
  readonly onClose: () => void;
  readonly onMade: (key: NewApiKey) => void;
}

export function CreateKey({ onClose, onMade }: CreateKeyProps) {
  const [busy, setBusy] = useState(false);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set(["inbox.read"]));
  const [refusal, setRefusal] = useState<string | null>(null);
  const name = useRef<HTMLInputElement>(null);
  const submit = async () => {
    if (chosen.size === 0) {
      setRefusal(words.keys.choose);
      return;
    }
    setBusy(true);
    setRefusal(null);
    try {
      onMade(await createKey(name.current?.value.trim() ?? "", [...chosen]));
    } catch (error) {
      setRefusal(refusedBecause(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={words.keys.createTitle} onClose={onClose}>
      <form
        class="dialog-text dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <label class="field">
          <span>{words.keys.name}</span>
          <input ref={name} name="key-name" autocomplete="off" required maxLength={200} pattern=".*\S.*" />
        </label>
        <Ticks
          legend={words.keys.scopes}
          offered={new Set(me.value?.permissions)}
          chosen={chosen}
          onChoose={setChosen}
        />
        {refusal !== null && (
          <p class="form-refusal" role="alert">
            {refusal}
          </p>
        )}
        <div class="actions">
          <button type="submit" class="button primary" disabled={busy}>
            {busy ? words.keys.creating : words.keys.create}
          </button>
          <button type="button" class="button" onClick={onClose}>
            {words.keys.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
