/** Lists of things that are made, changed and removed in dialogs: labels, teams, canned replies. */

import { Pencil, Trash2 } from "lucide";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, send } from "../api";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icon";
import { words } from "../words";
import { refusedBecause } from "./loaded";
import "../ui/form.css";
import "./dialogs.css";
import "./editing.css";

interface ItemRowProps {
  readonly name: string;
  readonly mark?: ComponentChildren;
  readonly detail?: ComponentChildren;
  /** Absent where this person may not. */
  readonly onEdit?: (() => void) | undefined;
  readonly onRemove?: (() => void) | undefined;
}

export function ItemRow({ name, mark, detail, onEdit, onRemove }: ItemRowProps) {
  return (
    <li class="item">
      {mark}
      <span class="item-text">
        <strong>{name}</strong>
        {detail !== undefined && <span class="soft">{detail}</span>}
      </span>
      {onEdit !== undefined && (
        <button
          type="button"
          class="button quiet square"
          aria-label={words.workspace.edit(name)}
          title={words.workspace.edit(name)}
          onClick={onEdit}
        >
          <Icon of={Pencil} />
        </button>
      )}
      {onRemove !== undefined && (
        <button
          type="button"
          class="button quiet square"
          aria-label={words.workspace.remove(name)}
          title={words.workspace.remove(name)}
          onClick={onRemove}
        >
          <Icon of={Trash2} />
        </button>
      )}
    </li>
  );
}

interface EditorProps {
  readonly title: string;
  /** Where it is, to be changed; without one it is new. */
  readonly path: string;
  readonly isNew: boolean;
  /** What is sent. */
  readonly body: () => unknown;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** A dialog with the fields of one thing. It is saved only if nobody else has changed it since it was opened. */
export function Editor({ title, path, isNew, body, onClose, children }: EditorProps) {
  const tag = useTag(isNew ? null : path);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const save = async () => {
    setBusy(true);
    setRefusal(null);
    const headers = { "Content-Type": "application/json", ...(isNew ? {} : { "If-Match": await tag() }) };
    try {
      await send(path, { method: isNew ? "POST" : "PATCH", headers, body: JSON.stringify(body()) });
      onClose();
    } catch (error) {
      const meanwhile = error instanceof ApiError && error.status === 412;
      setRefusal(meanwhile ? words.workspace.changed : refusedBecause(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        class="dialog-text dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        {children}
        {refusal !== null && (
          <p class="form-refusal" role="alert">
            {refusal}
          </p>
        )}
        <div class="actions">
          <button type="submit" class="button primary" disabled={busy}>
            {busy ? words.workspace.saving : words.workspace.save}
          </button>
          <button type="button" class="button" onClick={onClose}>
            {words.workspace.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** The tag of what is at a path, asked for when the dialog opens: later it would be that of somebody else's change. */
function useTag(path: string | null): () => Promise<string> {
  const asked = useRef<Promise<string>>(Promise.resolve("*"));
  useEffect(() => {
    if (path === null) return;
    asked.current = send(path, {}).then(
      (answer) => answer.headers.get("ETag") ?? "*",
      () => "*", // saving then says what is wrong
    );
  }, [path]);
  return () => asked.current;
}

interface RemoveProps {
  readonly name: string;
  readonly why: string;
  readonly path: string;
  readonly onClose: () => void;
}

/** Asks once more before something is removed. */
export function Remove({ name, why, path, onClose }: RemoveProps) {
  const [refusal, setRefusal] = useState<string | null>(null);
  const remove = async () => {
    try {
      await send(path, { method: "DELETE" });
      onClose();
    } catch (error) {
      setRefusal(refusedBecause(error));
    }
  };
  return (
    <Dialog title={words.workspace.remove(name)} onClose={onClose}>
      <div class="dialog-text dialog-form">
        <p>{why}</p>
        {refusal !== null && (
          <p class="form-refusal" role="alert">
            {refusal}
          </p>
        )}
        <div class="actions">
          <button type="button" class="button danger" onClick={() => void remove()}>
            {words.workspace.removeYes}
          </button>
          <button type="button" class="button" onClick={onClose}>
            {words.workspace.cancel}
          </button>
        </div>
      </div>
    </Dialog>
  );
}

interface TextFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly required?: boolean;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly hint?: string;
}

export function TextField({ label, value, onInput, hint, ...rest }: TextFieldProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        type="text"
        autocomplete="off"
        value={value}
        onInput={(event) => {
          onInput(event.currentTarget.value);
        }}
        {...rest}
      />
      {hint !== undefined && <span class="soft">{hint}</span>}
    </label>
  );
}

/** A list with one thing more, or without it. */
export function toggled(all: readonly string[], one: string, wanted: boolean): readonly string[] {
  const others = all.filter((each) => each !== one);
  return wanted ? [...others, one] : others;
}
