/** Inviting somebody: an address and a role. */

import { useRef, useState } from "preact/hooks";
import { Dialog } from "../../ui/dialog";
import { words } from "../../words";
import { refusedBecause } from "../loaded";
import { invite, type SentInvitation } from "./calls";
import { rolesToGive } from "./roles";

interface InviteProps {
  readonly onClose: () => void;
  readonly onSent: (made: SentInvitation) => void;
}

export function Invite({ onClose, onSent }: InviteProps) {
  const [busy, setBusy] = useState(false);
  const [role, setRole] = useState("operator");
  const [refusal, setRefusal] = useState<string | null>(null);
  const email = useRef<HTMLInputElement>(null);
  const submit = async () => {
    setBusy(true);
    setRefusal(null);
    try {
      onSent(await invite(email.current?.value.trim() ?? "", role));
    } catch (error) {
      setRefusal(refusedBecause(error));
      setBusy(false);
      email.current?.focus();
    }
  };
  return (
    <Dialog title={words.people.invite} onClose={onClose}>
      <form
        class="dialog-text dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <p class="soft">{words.people.inviteLead}</p>
        <label class="field">
          <span>{words.people.email}</span>
          <input ref={email} type="email" name="email" autocomplete="off" required maxLength={254} />
        </label>
        <label class="field">
          <span>{words.people.role}</span>
          <select
            value={role}
            onChange={(event) => {
              setRole(event.currentTarget.value);
            }}
          >
            {rolesToGive().map((one) => (
              <option key={one} value={one}>
                {words.people.roles[one]}
              </option>
            ))}
          </select>
          <span class="soft">{words.people.roleLead[role]}</span>
        </label>
        {refusal !== null && (
          <p class="form-refusal" role="alert">
            {refusal}
          </p>
        )}
        <div class="actions">
          <button type="submit" class="button primary" disabled={busy}>
            {busy ? words.people.sending : words.people.send}
          </button>
          <button type="button" class="button" onClick={onClose}>
            {words.people.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
