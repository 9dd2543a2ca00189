/** A private note: what agents tell each other, on a ground of its own so that nobody takes it for a message. */

import { Pencil, StickyNote, Trash2 } from "lucide";
import { useState } from "preact/hooks";
import { ApiError } from "../api";
import { isSend } from "../composer/enter";
import { isNew } from "../composer/pending";
import type { Message } from "../model/types";
import { may } from "../permissions";
import { Icon } from "../ui/icon";
import { clockTime, exact } from "../ui/time";
import { words } from "../words";
import { isMe, memberName } from "../workspace";
import { changeNote, removeNote } from "./notes";
import { Outcome } from "./status";
import "../ui/form.css";
import "./activity.css";

export function Note({ of }: { readonly of: Message }) {
  const [writing, setWriting] = useState(false);
  const gone = (of.deleted_at ?? null) !== null;
  const mine = !gone && !isNew(of) && isMe(of.author_id) && may("conversations.write");
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
        {mine && !writing && (
          <Actions
            of={of}
            onEdit={() => {
              setWriting(true);
            }}
          />
        )}
      </header>
      {gone && <p class="note-gone">{words.desk.noteGone}</p>}
      {!gone && !writing && (
        <p class="note-text" dir="auto">
          {of.text}
        </p>
      )}
      {!gone && writing && (
        <Writing
          of={of}
          onClose={() => {
            setWriting(false);
          }}
        />
      )}
      <Outcome of={of} />
    </article>
  );
}

// Deleting is asked for twice, at the same place.
function Actions({ of, onEdit }: { readonly of: Message; readonly onEdit: () => void }) {
  const [sure, setSure] = useState(false);
  const { busy, refusal, attempt } = useAttempt();
  return (
    <span class="note-actions">
      {refusal !== null && <span role="alert">{refusal}</span>}
      <button
        type="button"
        class="button quiet square small"
        aria-label={words.desk.noteChange}
        title={words.desk.noteChange}
        onClick={onEdit}
      >
        <Icon of={Pencil} size={14} />
      </button>
      <button
        type="button"
        class={sure ? "button danger small" : "button quiet square small"}
        aria-label={sure ? undefined : words.desk.noteRemove}
        title={sure ? undefined : words.desk.noteRemove}
        disabled={busy}
        onClick={() => {
          if (sure) void attempt(() => removeNote(of));
          else setSure(true);
        }}
        onBlur={() => {
          setSure(false);
        }}
      >
        {sure ? words.desk.noteRemoveSure : <Icon of={Trash2} size={14} />}
      </button>
    </span>
  );
}

function Writing({ of, onClose }: { readonly of: Message; readonly onClose: () => void }) {
  const [text, setText] = useState(of.text ?? "");
  const { busy, refusal, attempt } = useAttempt();
  const wanted = text.trim();
  const keep = async () => {
    if (wanted === "" || busy) return;
    if (wanted === of.text || (await attempt(() => changeNote(of, wanted)))) onClose();
  };
  return (
    <form
      class="note-form"
      onSubmit={(event) => {
        event.preventDefault();
        void keep();
      }}
    >
      <textarea
        aria-label={words.desk.noteChange}
        value={text}
        maxLength={20_000}
        rows={Math.min(8, text.split("\n").length + 1)}
        ref={(element) => {
          if (element !== null && document.activeElement === document.body) element.focus();
        }}
        onInput={(event) => {
          setText(event.currentTarget.value);
        }}
        onKeyDown={(event) => {
          event.stopPropagation(); // letters typed here are no shortcuts
          if (event.key === "Escape") onClose();
          if (!isSend(event)) return;
          event.preventDefault();
          void keep();
        }}
      />
      {refusal !== null && <p role="alert">{refusal}</p>}
      <p class="note-buttons">
        <button type="submit" class="button primary" disabled={busy || wanted === ""}>
          {words.desk.noteKeep}
        </button>
        <button type="button" class="button quiet" onClick={onClose}>
          {words.desk.noteLeave}
        </button>
      </p>
    </form>
  );
}

/** Trying something once at a time, and why it was refused. */
function useAttempt() {
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const attempt = async (step: () => Promise<void>): Promise<boolean> => {
    setBusy(true);
    setRefusal(null);
    try {
      await step();
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setRefusal(words.desk.failed(error.status === 0 ? words.error.unreachable : error.message));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, refusal, attempt };
}
