/** Choosing a template, filling its places, and sending it. */

import { ChevronLeft, RefreshCw, Send } from "lucide";
import { useEffect, useId, useState } from "preact/hooks";
import { may } from "../permissions";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icon";
import { words } from "../words";
import type { TemplateFilled } from "./pending";
import {
  fetchTemplates,
  filled,
  isFillable,
  listTemplates,
  placesOf,
  preview,
  reasonOf,
  titleOf,
  type Template,
} from "./templates";
import "./picker.css";

interface PickerProps {
  readonly connection: string;
  readonly onClose: () => void;
  readonly onSend: (template: TemplateFilled, text: string) => void;
}

type Found = { readonly all: readonly Template[] } | { readonly failure: string } | null;

export default function TemplatePicker({ connection, onClose, onSend }: PickerProps) {
  const [found, setFound] = useState<Found>(null);
  const [chosen, setChosen] = useState<Template | null>(null);
  useEffect(() => {
    let wanted = true;
    const show = (next: Found) => {
      if (wanted) setFound(next);
    };
    listTemplates(connection).then(
      (all) => {
        show({ all });
      },
      (error: unknown) => {
        reasonOf(error);
        show({ failure: words.templates.failed });
      },
    );
    return () => {
      wanted = false;
    };
  }, [connection]);
  return (
    <Dialog title={words.templates.title} onClose={onClose}>
      <div class="picker">
        {chosen !== null ? (
          <Fill
            of={chosen}
            onBack={() => {
              setChosen(null);
            }}
            onSend={onSend}
          />
        ) : found === null ? (
          <p class="picker-note" role="status">
            {words.templates.loading}
          </p>
        ) : "failure" in found ? (
          <p class="picker-note" role="alert">
            {found.failure}
          </p>
        ) : found.all.length === 0 ? (
          <None connection={connection} onFound={setFound} />
        ) : (
          <Choice of={found.all} onChoose={setChosen} />
        )}
      </div>
    </Dialog>
  );
}

interface ChoiceProps {
  readonly of: readonly Template[];
  readonly onChoose: (template: Template) => void;
}

function Choice({ of, onChoose }: ChoiceProps) {
  const [query, setQuery] = useState("");
  const field = useId();
  const wanted = query.trim().toLowerCase();
  const fits = of.filter((one) => `${titleOf(one)} ${one.body ?? ""}`.toLowerCase().includes(wanted));
  return (
    <>
      <label class="unseen" for={field}>
        {words.templates.find}
      </label>
      <input
        id={field}
        class="picker-find"
        type="search"
        placeholder={words.templates.find}
        value={query}
        onInput={(event) => {
          setQuery(event.currentTarget.value);
        }}
      />
      {fits.length === 0 && <p class="picker-note">{words.templates.nothingFound}</p>}
      <ul class="picker-list">
        {fits.map((one) => (
          <li key={one.id}>
            <button
              type="button"
              class="picker-item"
              disabled={!isFillable(one)}
              onClick={() => {
                onChoose(one);
              }}
            >
              <span class="picker-title">
                <strong>{titleOf(one)}</strong>
                <span class="picker-language">{one.language}</span>
              </span>
              <span class="picker-body">{one.body}</span>
              {!isFillable(one) && <span class="picker-why">{words.templates.notHere}</span>}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

interface FillProps {
  readonly of: Template;
  readonly onBack: () => void;
  readonly onSend: (template: TemplateFilled, text: string) => void;
}

function Fill({ of, onBack, onSend }: FillProps) {
  const [values, setValues] = useState<Readonly<Record<string, string>>>({});
  const places = placesOf(of);
  const ready = places.every((name) => (values[name] ?? "").trim() !== "");
  return (
    <form
      class="picker-fill"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) onSend(filled(of, values), preview(of, values));
      }}
    >
      {places.map((name, index) => (
        <Place
          key={name}
          name={name}
          first={index === 0}
          value={values[name] ?? ""}
          onInput={(value) => {
            setValues({ ...values, [name]: value });
          }}
        />
      ))}
      <figure class="picker-preview">
        <figcaption>{words.templates.preview}</figcaption>
        <p class="text">{preview(of, values)}</p>
      </figure>
      <footer class="picker-foot">
        <button type="button" class="button quiet" onClick={onBack}>
          <Icon of={ChevronLeft} />
          {words.templates.back}
        </button>
        <button type="submit" class="button primary" disabled={!ready}>
          <Icon of={Send} />
          {words.templates.send}
        </button>
      </footer>
    </form>
  );
}

interface PlaceProps {
  readonly name: string;
  readonly first: boolean;
  readonly value: string;
  readonly onInput: (value: string) => void;
}

function Place({ name, first, value, onInput }: PlaceProps) {
  const field = useId();
  return (
    <div class="picker-place">
      <label for={field}>{words.templates.place(name)}</label>
      <input
        id={field}
        value={value}
        maxLength={1024}
        required
        autocomplete="off"
        ref={(element) => {
          if (first && value === "") element?.focus();
        }}
        onInput={(event) => {
          onInput(event.currentTarget.value);
        }}
      />
    </div>
  );
}

interface NoneProps {
  readonly connection: string;
  readonly onFound: (found: Found) => void;
}

function None({ connection, onFound }: NoneProps) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const look = async () => {
    setBusy(true);
    setFailure(null);
    try {
      onFound({ all: await fetchTemplates(connection) });
    } catch (error) {
      setFailure(reasonOf(error));
    }
    setBusy(false);
  };
  return (
    <div class="picker-none">
      <p class="picker-note">{words.templates.none}</p>
      {may("connections.write") && (
        <button type="button" class="button" disabled={busy} onClick={() => void look()}>
          <Icon of={RefreshCw} />
          {busy ? words.templates.fetching : words.templates.fetch}
        </button>
      )}
      {failure !== null && (
        <p class="picker-why" role="alert">
          {words.templates.fetchFailed(failure)}
        </p>
      )}
    </div>
  );
}
