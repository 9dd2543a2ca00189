/** A modal sheet. The native element traps focus, makes the rest inert and gives focus back. */

import { X } from "lucide";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { words } from "../words";
import { Icon } from "./icon";
import "./dialog.css";

/** What somebody fills in first; without one the browser chooses. */
const FIRST_FIELD =
  "form :is(input:not([type=checkbox], [type=radio], [type=file], [type=hidden]), textarea):not(:disabled)";

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

export function Dialog({ title, onClose, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    element.current?.showModal();
    element.current?.querySelector<HTMLElement>(FIRST_FIELD)?.focus();
  }, []);
  return (
    <dialog ref={element} class="dialog" aria-labelledby={heading} onClose={onClose}>
      <header class="dialog-head">
        <h2 id={heading}>{title}</h2>
        <button
          type="button"
          class="button quiet square"
          aria-label={words.shortcuts.close}
          onClick={() => element.current?.close()}
        >
          <Icon of={X} />
        </button>
      </header>
      {children}
    </dialog>
  );
}
