/** The field: grows with its text, sends by key, takes pasted files, and offers what is looked for. */

import { useLayoutEffect, useId, useRef, useState } from "preact/hooks";
import { ApiError, post } from "../api";
import type { ConversationId } from "../model/types";
import { words } from "../words";
import { activeMembers, cannedReplies } from "../workspace";
import { isSend } from "./enter";
import type { Mode } from "./mode";
import { cannedFor, lookupAt, membersFor, mentionOf, replaced, type Lookup } from "./suggest";

interface FieldProps {
  readonly conversation: ConversationId;
  readonly mode: Mode;
  readonly value: string;
  readonly label: string;
  readonly onInput: (text: string) => void;
  readonly onSend: () => void;
  readonly onFiles?: (files: readonly File[]) => void;
}

interface Choice {
  readonly id: string;
  readonly title: string;
  readonly more: string;
  readonly text: () => Promise<string>;
}

const FIELD = "composer-field";
const HIGHEST = 320;

/**
 * Give the keyboard to the field, its caret at the end.
 *
 * After what was just changed is drawn, and before the next key: whoever presses R and goes on typing means the field.
 */
export function focusField(): void {
  queueMicrotask(() => {
    const field = document.getElementById(FIELD);
    if (!(field instanceof HTMLTextAreaElement)) return;
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  });
}

export function Field({ conversation, mode, value, label, onInput, onSend, onFiles }: FieldProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  const [lookup, setLookup] = useState<Lookup | null>(null);
  const [active, setActive] = useState(0);
  const [note, setNote] = useState<string | null>(null);
  const list = useId();
  const choices = lookup === null ? [] : choicesFor(lookup, conversation, setNote);
  useGrowing(field, value);

  const look = () => {
    const element = field.current;
    const found = element === null ? null : lookupAt(element.value, element.selectionStart, mode);
    setLookup(found);
    setActive(0);
  };
  const take = async (choice: Choice) => {
    const element = field.current;
    if (element === null || lookup === null) return;
    setLookup(null);
    try {
      const next = replaced(element.value, lookup, await choice.text());
      onInput(next.text);
      requestAnimationFrame(() => {
        element.focus();
        element.setSelectionRange(next.caret, next.caret);
      });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setNote(words.composer.cannedFailed);
    }
  };
  const press = (event: KeyboardEvent) => {
    const chosen = choices[active];
    if (lookup !== null && chosen !== undefined && !event.isComposing) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step !== undefined) {
        event.preventDefault();
        setActive((active + step + choices.length) % choices.length);
        return;
      }
      if (event.key === "Enter" || event.key === "Tab") {
        event.preventDefault();
        void take(chosen);
        return;
      }
    }
    if (event.key === "Escape") {
      event.stopPropagation();
      if (lookup === null) field.current?.blur();
      else setLookup(null);
      return;
    }
    if (isSend(event)) {
      event.preventDefault();
      onSend();
    }
  };
  return (
    <div class="composer-field">
      {lookup !== null && (
        <Suggestions
          id={list}
          of={lookup}
          choices={choices}
          active={active}
          onTake={(choice) => {
            void take(choice);
          }}
        />
      )}
      <textarea
        id={FIELD}
        ref={field}
        rows={1}
        dir="auto"
        value={value}
        placeholder={label}
        aria-label={label}
        aria-autocomplete="list"
        aria-controls={choices.length === 0 ? undefined : list}
        aria-activedescendant={choices[active] === undefined ? undefined : `${list}-${active}`}
        onInput={(event) => {
          onInput(event.currentTarget.value);
          setNote(null);
          look();
        }}
        onClick={look}
        onKeyDown={press}
        onBlur={() => {
          setLookup(null);
        }}
        onPaste={(event) => {
          const files = [...(event.clipboardData?.files ?? [])];
          if (files.length === 0 || onFiles === undefined) return;
          event.preventDefault();
          onFiles(files);
        }}
      />
      {note !== null && (
        <p class="composer-fault" role="status">
          {note}
        </p>
      )}
    </div>
  );
}

interface SuggestionsProps {
  readonly id: string;
  readonly of: Lookup;
  readonly choices: readonly Choice[];
  readonly active: number;
  readonly onTake: (choice: Choice) => void;
}

function Suggestions({ id, of, choices, active, onTake }: SuggestionsProps) {
  const label = of.kind === "canned" ? words.composer.canned : words.composer.mentions;
  if (choices.length === 0) {
    if (of.kind === "mention" || of.query === "") return null;
    return <p class="composer-suggestions none">{words.composer.cannedNone}</p>;
  }
  return (
    <div class="composer-suggestions" role="listbox" tabIndex={-1} id={id} aria-label={label}>
      {choices.map((choice, index) => (
        // eslint-disable-next-line jsx-a11y/click-events-have-key-events -- the field has the keys of its list
        <div
          key={choice.id}
          id={`${id}-${index}`}
          class="composer-suggestion"
          role="option"
          tabIndex={-1}
          aria-selected={index === active}
          onPointerDown={(event) => {
            event.preventDefault(); // the field keeps the focus
          }}
          onClick={() => {
            onTake(choice);
          }}
        >
          <strong>{choice.title}</strong>
          <span>{choice.more}</span>
        </div>
      ))}
    </div>
  );
}

function choicesFor(
  { kind, query }: Lookup,
  conversation: ConversationId,
  tell: (note: string) => void,
): readonly Choice[] {
  if (kind === "mention") {
    return membersFor(query, activeMembers.value).map((member) => ({
      id: member.id,
      title: member.name ?? member.email,
      more: member.name === null ? "" : member.email,
      text: () => Promise.resolve(`${mentionOf(member)} `),
    }));
  }
  return cannedFor(query, cannedReplies.value).map((reply) => ({
    id: reply.id,
    title: `/${reply.shortcut}`,
    more: reply.name,
    text: () => rendered(reply.id, conversation, tell),
  }));
}

interface Rendered {
  readonly text: string;
  readonly unknown: readonly string[];
  readonly empty: readonly string[];
}

async function rendered(id: string, conversation_id: string, tell: (note: string) => void): Promise<string> {
  const path = `/canned-replies/${encodeURIComponent(id)}/render`;
  const { text, unknown, empty } = await post<Rendered>(path, { conversation_id });
  const missing = [...unknown, ...empty];
  if (missing.length > 0) tell(words.composer.cannedEmpty(missing.join(", ")));
  return text;
}

// As high as its text, up to a third of a screen; then it scrolls.
function useGrowing(field: { readonly current: HTMLTextAreaElement | null }, value: string): void {
  useLayoutEffect(() => {
    const element = field.current;
    if (element === null) return;
    element.style.height = "auto";
    element.style.height = `${Math.min(element.scrollHeight, HIGHEST)}px`;
  }, [field, value]);
}
