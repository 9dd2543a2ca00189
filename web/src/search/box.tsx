/** The search: a field above everything, with what it finds below while somebody types. */

import { Clock, Search, TriangleAlert, X } from "lucide";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Delayed } from "../ui/delayed";
import { Icon } from "../ui/icon";
import { Notice } from "../ui/notice";
import { words } from "../words";
import { Filters } from "./filters";
import { isEmpty } from "./find";
import { forget, recent } from "./recent";
import { LIST_ID, Results } from "./results";
import {
  busy,
  chosenId,
  closeSearch,
  failure,
  follow,
  found,
  move,
  searchNow,
  targets,
  text,
  type,
} from "./searching";
import "./search.css";

export function SearchBox() {
  const element = useRef<HTMLDialogElement>(null);
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    field.current?.select();
    void searchNow(); // what was found the last time may be old by now
    // The veil around it belongs to the dialog itself.
    dialog?.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
  }, []);
  return (
    <dialog ref={element} class="search" aria-label={words.search.title} onClose={closeSearch}>
      <div class="search-field">
        <Icon of={Search} size={20} />
        <input
          ref={field}
          type="text"
          role="combobox"
          inputMode="search"
          enterKeyHint="search"
          maxLength={200}
          autocomplete="off"
          spellcheck={false}
          placeholder={words.search.hint}
          aria-label={words.search.hint}
          aria-expanded={targets.value.length > 0}
          aria-controls={LIST_ID}
          aria-autocomplete="list"
          aria-activedescendant={chosenId.value === null ? undefined : `hit-${chosenId.value}`}
          value={text.value}
          onInput={(event) => {
            type(event.currentTarget.value);
          }}
          onKeyDown={key}
        />
        {text.value !== "" && (
          <button
            type="button"
            class="button quiet square"
            aria-label={words.search.clear}
            onClick={() => {
              type("");
              field.current?.focus();
            }}
          >
            <Icon of={X} />
          </button>
        )}
        <button type="button" class="button quiet search-close" onClick={() => element.current?.close()}>
          {words.search.close}
        </button>
      </div>
      <Filters />
      <div class="search-body" aria-busy={busy.value}>
        <Body onAgain={() => field.current?.focus()} />
      </div>
      <p class="unseen" role="status" aria-live="polite">
        {found.value !== null &&
          !busy.value &&
          words.search.count(targets.value.filter((one) => one.more === undefined).length)}
      </p>
    </dialog>
  );
}

interface BodyProps {
  /** Told when an earlier search is made again: its button goes away, and what was found is walked through by key. */
  readonly onAgain: () => void;
}

function Body({ onAgain }: BodyProps) {
  if (failure.value !== null) return <Failed code={failure.value} />;
  if (text.value.trim() === "") return <Recent onAgain={onAgain} />;
  if (found.value === null) {
    return <Delayed>{busy.value && <p class="search-none">{words.search.loading}</p>}</Delayed>;
  }
  const goesOn = [found.value.messages, found.value.customers, found.value.conversations].some(
    (hits) => hits !== null && hits.next_cursor !== null,
  );
  if (isEmpty(found.value) && !goesOn && !busy.value) {
    return (
      <Notice icon={Search} title={words.search.nothing(text.value.trim())}>
        <p>{words.search.nothingWhy}</p>
      </Notice>
    );
  }
  return <Results of={found.value} />;
}

function Recent({ onAgain }: BodyProps) {
  return (
    <>
      {recent.value.length > 0 && (
        <>
          <p class="search-title">{words.search.recent}</p>
          <ul class="search-recent">
            {recent.value.map((one) => (
              <li key={one}>
                <button
                  type="button"
                  onClick={() => {
                    type(one);
                    void searchNow();
                    onAgain();
                  }}
                >
                  <Icon of={Clock} />
                  {one}
                </button>
              </li>
            ))}
          </ul>
          <button type="button" class="link search-more" onClick={forget}>
            {words.search.forget}
          </button>
        </>
      )}
      <p class="search-none">{words.search.help}</p>
    </>
  );
}

function Failed({ code }: { readonly code: string }) {
  const title = code === "search_too_slow" ? words.search.tooSlow : words.search.error;
  return (
    <Notice icon={TriangleAlert} title={title} alert>
      {code === "unreachable" && <p>{words.error.unreachable}</p>}
      <button type="button" class="button" onClick={() => void searchNow()}>
        {words.error.retry}
      </button>
    </Notice>
  );
}

function key(event: KeyboardEvent): void {
  if (event.isComposing) return;
  switch (event.key) {
    case "ArrowDown":
      move(1);
      break;
    case "ArrowUp":
      move(-1);
      break;
    case "Enter":
      follow(chosenId.peek());
      break;
    default:
      return;
  }
  event.preventDefault();
}
