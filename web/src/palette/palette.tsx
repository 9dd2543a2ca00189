/** The command palette: type some letters of what you want done. */

import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Combination } from "../keys/combination";
import { Icon } from "../ui/icon";
import { marked } from "../ui/plain";
import { words } from "../words";
import { itemsFor, remember, type Item } from "./items";
import "./palette.css";

export default function Palette({ onClose }: { readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const chosen = useRef<Item | null>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  // The dialog gives focus back when it closes; only then is the page what the action expects.
  const closed = () => {
    onClose();
    chosen.current?.run();
  };
  const choose = (item: Item) => {
    remember(item.id);
    chosen.current = item;
    dialog.current?.close();
  };
  return (
    <dialog ref={dialog} class="palette" aria-label={words.palette.title} onClose={closed}>
      <Commands onChoose={choose} />
    </dialog>
  );
}

function Commands({ onChoose }: { readonly onChoose: (item: Item) => void }) {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const items = itemsFor(typed);
  const index = Math.min(at, items.length - 1);
  useLayoutEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  });
  const press = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const item = items[index];
    if (step !== undefined && items.length > 0) setAt((index + step + items.length) % items.length);
    else if (event.key === "Enter" && item !== undefined) onChoose(item);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <input
        class="palette-input"
        role="combobox"
        aria-expanded
        aria-autocomplete="list"
        aria-controls={`${id}-list`}
        aria-activedescendant={index < 0 ? undefined : `${id}-${index}`}
        aria-label={words.palette.placeholder}
        placeholder={words.palette.placeholder}
        autocomplete="off"
        spellcheck={false}
        value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={press}
      />
      <div class="palette-list" role="listbox" id={`${id}-list`} aria-label={words.palette.title} ref={list}>
        {items.map((item, place) => (
          // eslint-disable-next-line jsx-a11y/click-events-have-key-events -- the field above has the keys
          <div
            key={item.id}
            id={`${id}-${place}`}
            class="palette-item"
            role="option"
            tabIndex={-1}
            aria-selected={place === index}
            onPointerMove={() => {
              setAt(place);
            }}
            onClick={() => {
              onChoose(item);
            }}
          >
            {item.icon === undefined ? <span class="palette-gap" /> : <Icon of={item.icon} />}
            <span class="palette-name">{marked(item.name)}</span>
            {item.keys !== undefined && <Combination of={item.keys} />}
          </div>
        ))}
      </div>
      {items.length === 0 && (
        <p class="palette-none" role="status">
          {words.palette.none}
        </p>
      )}
    </>
  );
}
