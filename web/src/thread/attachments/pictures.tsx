/** The pictures of a message, each of which opens large. */

import { ImageOff } from "lucide";
import { useState } from "preact/hooks";
import type { Attachment } from "../../model/types";
import { Icon } from "../../ui/icon";
import { words } from "../../words";
import { contentOf } from "./address";
import { title } from "./facts";
import { fitted } from "./fitted";
import { Lightbox } from "./lightbox";

export function Pictures({ of }: { readonly of: readonly Attachment[] }) {
  const [open, setOpen] = useState<number | null>(null);
  if (of.length === 0) return null;
  return (
    <>
      <ul class="pictures">
        {of.map((one, index) => (
          <li key={one.id}>
            <Picture
              of={one}
              onOpen={() => {
                setOpen(index);
              }}
            />
          </li>
        ))}
      </ul>
      {open !== null && (
        <Lightbox
          of={of}
          first={open}
          onClose={() => {
            setOpen(null);
          }}
        />
      )}
    </>
  );
}

function Picture({ of, onOpen }: { readonly of: Attachment; readonly onOpen: () => void }) {
  const [state, setState] = useState<"loading" | "shown" | "broken">("loading");
  const { width, height } = fitted(of);
  return (
    <button
      type="button"
      class={`picture ${state} ${of.type === "sticker" ? "sticker" : ""}`}
      style={{ width: `${width}px`, aspectRatio: `${width} / ${height}` }}
      aria-label={words.files.enlarge(title(of))}
      onClick={onOpen}
    >
      {state === "broken" ? (
        <Icon of={ImageOff} size={20} />
      ) : (
        <img
          src={contentOf(of)}
          alt=""
          width={width}
          height={height}
          loading="lazy"
          decoding="async"
          onLoad={() => {
            setState("shown");
          }}
          onError={() => {
            setState("broken");
          }}
        />
      )}
    </button>
  );
}
