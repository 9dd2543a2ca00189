/** Recovery codes, shown once. */

import { Dialog } from "../../ui/dialog";
import { words } from "../../words";
import { CopyButton } from "../copy";

interface CodesProps {
  readonly of: readonly string[];
  readonly onClose: () => void;
}

export function Codes({ of, onClose }: CodesProps) {
  return (
    <Dialog title={words.profile.codesTitle} onClose={onClose}>
      <div class="dialog-text dialog-form">
        <p>{words.profile.codesWhy}</p>
        <ul class="recovery-codes">
          {of.map((one) => (
            <li key={one}>
              <code>{one}</code>
            </li>
          ))}
        </ul>
        <div class="actions">
          <button type="button" class="button primary" onClick={onClose}>
            {words.profile.kept}
          </button>
          <CopyButton text={of.join("\n")} what={words.profile.codes} />
        </div>
      </div>
    </Dialog>
  );
}
