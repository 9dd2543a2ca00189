/** The link of an invitation where no mail could be sent: told once, to be passed on. */

import { Dialog } from "../../ui/dialog";
import { words } from "../../words";
import { CopyButton } from "../copy";

interface LinkProps {
  readonly email: string;
  readonly link: string;
  readonly onClose: () => void;
}

export function LinkToPassOn({ email, link, onClose }: LinkProps) {
  return (
    <Dialog title={words.people.linkTitle} onClose={onClose}>
      <div class="dialog-text dialog-form">
        <p>{words.people.linkWhy(email)}</p>
        <span class="code-line">
          <code>{link}</code>
          <CopyButton text={link} what={words.people.link} />
        </span>
        <div class="actions">
          <button type="button" class="button primary" onClick={onClose}>
            {words.people.done}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
