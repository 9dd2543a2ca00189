/** One picture over everything, and the way to its neighbours: by button, by arrow key. */

import { ChevronLeft, ChevronRight, Download, X, type IconNode } from "lucide";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Attachment } from "../../model/types";
import { Icon } from "../../ui/icon";
import { words } from "../../words";
import { contentOf, downloadOf } from "./address";
import { title } from "./facts";
import "./lightbox.css";

interface LightboxProps {
  readonly of: readonly Attachment[];
  readonly first: number;
  readonly onClose: () => void;
}

export function Lightbox({ of, first, onClose }: LightboxProps) {
  const element = useRef<HTMLDialogElement>(null);
  const [place, setPlace] = useState(first);
  const shown = of[Math.min(place, of.length - 1)];
  useEffect(() => {
    element.current?.showModal();
  }, []);
  if (shown === undefined) return null; // its message was taken back meanwhile
  const move = (step: number) => {
    setPlace((now) => Math.min(of.length - 1, Math.max(0, now + step)));
  };
  const close = () => {
    element.current?.close();
  };
  return (
    // A dialog takes keys for all that is in it; each of them has a button, too.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- see above
    <dialog
      ref={element}
      class="lightbox"
      aria-label={title(shown)}
      onClose={onClose}
      onKeyDown={(event) => {
        if (event.key === "ArrowLeft") move(-1);
        if (event.key === "ArrowRight") move(1);
      }}
      onClick={(event) => {
        if (
          event.target === element.current ||
          (event.target instanceof HTMLElement && event.target.matches(".lightbox-stage"))
        )
          close();
      }}
    >
      <header class="lightbox-head">
        <p class="lightbox-name" dir="auto">
          {title(shown)}
        </p>
        {of.length > 1 && <p class="lightbox-place">{words.files.place(place + 1, of.length)}</p>}
        <a
          class="button quiet square"
          href={downloadOf(shown)}
          download={shown.filename ?? ""}
          aria-label={words.files.download(title(shown))}
        >
          <Icon of={Download} />
        </a>
        <button type="button" class="button quiet square" aria-label={words.shortcuts.close} onClick={close}>
          <Icon of={X} />
        </button>
      </header>
      <div class="lightbox-stage">
        <img key={shown.id} src={contentOf(shown)} alt={title(shown)} />
      </div>
      {place > 0 && (
        <Step
          icon={ChevronLeft}
          label={words.files.previous}
          to="left"
          onClick={() => {
            move(-1);
          }}
        />
      )}
      {place < of.length - 1 && (
        <Step
          icon={ChevronRight}
          label={words.files.next}
          to="right"
          onClick={() => {
            move(1);
          }}
        />
      )}
    </dialog>
  );
}

interface StepProps {
  readonly icon: IconNode;
  readonly label: string;
  readonly to: "left" | "right";
  readonly onClick: () => void;
}

function Step({ icon, label, to, onClick }: StepProps) {
  return (
    <button type="button" class={`lightbox-step ${to}`} aria-label={label} onClick={onClick}>
      <Icon of={icon} size={20} />
    </button>
  );
}
