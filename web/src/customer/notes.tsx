/** Notes on a customer: everybody reads them, their authors change them. */

import { useEffect, useRef, useState } from "preact/hooks";
import { addNote, changeNote, readNotes, removeNote } from "../customers/calls";
import { notes } from "../customers/known";
import type { CustomerNote } from "../model/customer";
import { ago, exact, now } from "../ui/time";
import { words } from "../words";
import { isMe, memberName } from "../workspace";
import { faultOf } from "./identities";

export function Notes({ customer, fixed }: { readonly customer: string; readonly fixed: boolean }) {
  const [fault, setFault] = useState<string | null>(null);
  useEffect(() => {
    readNotes(customer).catch((error: unknown) => {
      setFault(faultOf(error));
    });
  }, [customer]);
  return (
    <section>
      <h3>{words.customers.notes}</h3>
      {fault !== null && (
        <p class="record-fault" role="alert">
          {fault}
        </p>
      )}
      <ul>
        {(notes.value.get(customer) ?? []).map((one) => (
          <li key={one.id}>
            <Note of={one} fixed={fixed} />
          </li>
        ))}
      </ul>
      {!fixed && <AddNote customer={customer} />}
    </section>
  );
}

function Note({ of, fixed }: { readonly of: CustomerNote; readonly fixed: boolean }) {
  const [open, setOpen] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const mine = !fixed && isMe(of.author_id);
  const close = () => {
    setOpen(false);
  };
  if (open) return <Writing text={of.text} onKeep={(text) => changeNote(of.id, text)} onClose={close} />;
  const remove = async () => {
    try {
      await removeNote(of.id);
    } catch (error) {
      setFault(faultOf(error));
    }
  };
  return (
    <article class="note-item">
      <p>{of.text}</p>
      <footer class="note-foot">
        <span>{of.author_id === null ? words.customers.program : memberName(of.author_id)}</span>
        <time dateTime={of.created_at} title={exact(of.created_at)}>
          {ago(of.created_at, now.value)}
        </time>
        {of.edited_at !== null && <span>{words.customers.edited}</span>}
        {mine && (
          <button
            type="button"
            class="link"
            onClick={() => {
              setOpen(true);
            }}
          >
            {words.customers.change}
          </button>
        )}
        {mine && (
          <button type="button" class="link" onClick={() => void remove()}>
            {words.customers.remove}
          </button>
        )}
      </footer>
      {fault !== null && (
        <p class="record-fault" role="alert">
          {fault}
        </p>
      )}
    </article>
  );
}

function AddNote({ customer }: { readonly customer: string }) {
  const [open, setOpen] = useState(false);
  // One for each text: a note that was written on is another one.
  const keys = useRef(new Map<string, string>());
  const keyOf = (text: string) => {
    const key = keys.current.get(text) ?? crypto.randomUUID();
    keys.current.set(text, key);
    return key;
  };
  if (open) {
    return (
      <Writing
        text=""
        onKeep={(text) => addNote(customer, text, keyOf(text))}
        onClose={() => {
          keys.current.clear();
          setOpen(false);
        }}
      />
    );
  }
  return (
    <button
      type="button"
      class="link record-add"
      onClick={() => {
        setOpen(true);
      }}
    >
      {words.customers.addNote}
    </button>
  );
}

interface WritingProps {
  readonly text: string;
  readonly onKeep: (text: string) => Promise<unknown>;
  readonly onClose: () => void;
}

function Writing({ text, onKeep, onClose }: WritingProps) {
  const [now, setNow] = useState(text);
  const [fault, setFault] = useState<string | null>(null);
  const keep = async () => {
    try {
      await onKeep(now.trim());
      onClose();
    } catch (error) {
      setFault(faultOf(error));
    }
  };
  return (
    <form
      class="record-form"
      onSubmit={(event) => {
        event.preventDefault();
        void keep();
      }}
    >
      <textarea
        aria-label={words.customers.addNote}
        placeholder={words.customers.notePlaceholder}
        value={now}
        maxLength={10000}
        onKeyDown={(event) => {
          event.stopPropagation(); // letters typed here are no shortcuts
          if (event.key === "Escape") onClose();
        }}
        ref={(element) => {
          if (element !== null && document.activeElement === document.body) element.focus();
        }}
        onInput={(event) => {
          setNow(event.currentTarget.value);
        }}
      />
      {fault !== null && (
        <p class="record-fault" role="alert">
          {fault}
        </p>
      )}
      <div class="buttons">
        <button type="submit" class="button primary" disabled={now.trim() === ""}>
          {words.customers.save}
        </button>
        <button type="button" class="button quiet" onClick={onClose}>
          {words.customers.cancel}
        </button>
      </div>
    </form>
  );
}
