/** The mail that stands below the answer: folded away, to be looked at, or to be left out. */

import { Ellipsis, TextQuote, X } from "lucide";
import { useState } from "preact/hooks";
import type { Conversation } from "../model/types";
import { Icon } from "../ui/icon";
import { words } from "../words";
import { answered, introOf } from "./answered";
import { draftOf, write } from "./drafts";

export function History({ of }: { readonly of: Conversation }) {
  const mail = answered(of);
  const [open, setOpen] = useState(false);
  if (mail === null) return null;
  const leave = (quote: boolean) => () => {
    write(of.id, { quote });
  };
  if (!draftOf(of.id).quote) {
    return (
      <div class="composer-history">
        <button type="button" class="composer-add" onClick={leave(true)}>
          <Icon of={TextQuote} size={12} />
          {words.composer.quoteBelow}
        </button>
      </div>
    );
  }
  const label = open ? words.message.quotedHide : words.message.quotedShow;
  return (
    <div class="composer-history">
      <button
        type="button"
        class="composer-dots"
        aria-label={label}
        title={label}
        aria-expanded={open}
        onClick={() => {
          setOpen(!open);
        }}
      >
        <Icon of={Ellipsis} size={14} />
      </button>
      {open && (
        <blockquote class="composer-past">
          <p>{introOf(mail)}</p>
          <p class="text">{mail.text ?? mail.preview}</p>
        </blockquote>
      )}
      {open && (
        <button type="button" class="composer-add" onClick={leave(false)}>
          <Icon of={X} size={12} />
          {words.composer.quoteNot}
        </button>
      )}
    </div>
  );
}
