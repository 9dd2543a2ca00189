/** A private note: what agents tell each other, on a ground of its own so that nobody takes it for a message. */

import { StickyNote } from "lucide";
import type { Message } from "../model/types";
import { Icon } from "../ui/icon";
import { clockTime, exact } from "../ui/time";
import { words } from "../words";
import { memberName } from "../workspace";
import "./activity.css";

export function Note({ of }: { readonly of: Message }) {
  const gone = (of.deleted_at ?? null) !== null;
  return (
    <article class="note" data-message={of.id} aria-label={words.desk.note}>
      <header class="note-head">
        <Icon of={StickyNote} size={14} />
        <strong>{of.author_id == null ? words.desk.program : memberName(of.author_id)}</strong>
        <span>{words.desk.note}</span>
        <time dateTime={of.occurred_at} title={exact(of.occurred_at)}>
          {clockTime(of.occurred_at)}
        </time>
        {!gone && (of.edited_at ?? null) !== null && <span>{words.desk.noteEdited}</span>}
      </header>
      {gone ? <p class="note-gone">{words.desk.noteGone}</p> : <p class="note-text">{of.text}</p>}
    </article>
  );
}
