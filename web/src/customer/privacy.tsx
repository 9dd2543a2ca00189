/** What a customer may ask for: all that is known of them, or that it is erased, which takes their name to confirm. */

import { useState } from "preact/hooks";
import type { CustomerCard } from "../model/customer";
import { go } from "../route";
import { addRequest, type RequestKind } from "../settings/privacy/calls";
import { Dialog } from "../ui/dialog";
import { plainName, within } from "../ui/plain";
import { words } from "../words";
import { faultOf } from "./identities";
import { cardName } from "./merge";

interface PrivacyProps {
  readonly of: CustomerCard;
  readonly kind: RequestKind;
  readonly onClose: () => void;
}

export default function PrivacyDialog({ of, kind, onClose }: PrivacyProps) {
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const name = cardName(of);
  const sure = kind === "export" || plainName(typed) === name;
  const submit = async () => {
    setBusy(true);
    try {
      await addRequest(kind, of.id);
      onClose();
      go({ page: "settings", area: "privacy", place: "", conversation: null });
    } catch (error) {
      setFault(faultOf(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={words.privacy.ask[kind](within(name))} onClose={onClose}>
      <form
        class="merge-body"
        onSubmit={(event) => {
          event.preventDefault();
          if (sure) void submit();
        }}
      >
        <p>{words.privacy.means[kind]}</p>
        {kind === "erasure" && (
          <label class="field">
            <span>{words.privacy.type(within(name))}</span>
            <input
              name="confirmation"
              autocomplete="off"
              dir="auto"
              value={typed}
              onInput={({ currentTarget }) => {
                setTyped(currentTarget.value);
              }}
            />
          </label>
        )}
        {fault !== null && (
          <p class="record-fault" role="alert">
            {fault}
          </p>
        )}
        <div class="merge-foot">
          <button
            type="submit"
            class={kind === "erasure" ? "button danger" : "button primary"}
            disabled={busy || !sure}
          >
            {words.privacy.go[kind]}
          </button>
          <button type="button" class="button quiet" onClick={onClose}>
            {words.customers.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
