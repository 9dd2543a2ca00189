/** Choosing a template, filling its places, and sending it. */

import { ChevronLeft, RefreshCw, Send } from "lucide";
import { useEffect, useId, useState } from "preact/hooks";
import { may } from "../permissions";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icon";
import { words } from "../words";
import { chosen, store, type Upload } from "./files";
import type { TemplateFilled } from "./pending";
import {
  fetchTemplates,
  fieldsOf,
  filled,
  listTemplates,
  preview,
  reasonOf,
  titleOf,
  type Field,
  type Shown,
  type Template,
  type Values,
} from "./templates";
import { uploadState } from "./uploads";
import "./picker.css";

interface PickerProps {
  readonly connection: string;
  readonly onClose: () => void;
  readonly onSend: (template: TemplateFilled, text: string, files: readonly Upload[]) => void;
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
              disabled={fieldsOf(one) === null}
              onClick={() => {
                onChoose(one);
              }}
            >
              <span class="picker-title">
                <strong>{titleOf(one)}</strong>
                <span class="picker-language">{one.language}</span>
              </span>
              <span class="picker-body">{one.body}</span>
              {fieldsOf(one) === null && <span class="picker-why">{words.templates.notHere}</span>}
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
  readonly onSend: (template: TemplateFilled, text: string, files: readonly Upload[]) => void;
}

function Fill({ of, onBack, onSend }: FillProps) {
  const [values, setValues] = useState<Values>({});
  const [file, setFile] = useState<Upload | null>(null);
  const fields = fieldsOf(of) ?? [];
  const given: Values = { ...values, ...(file?.id ? { "head file": file.id } : {}) };
  const ready = fields.every(({ key }) => (given[key] ?? "").trim() !== "");
  const shown = preview(of, given);
  return (
    <form
      class="picker-fill"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) onSend(filled(of, given), shown.body, file === null ? [] : [file]);
      }}
    >
      {fields.map((field, index) =>
        field.kind === "file" ? (
          <HeadFile key={field.key} of={field} value={file} onChange={setFile} />
        ) : (
          <Place
            key={field.key}
            of={field}
            first={index === 0}
            value={values[field.key] ?? ""}
            onInput={(value) => {
              setValues({ ...values, [field.key]: value });
            }}
          />
        ),
      )}
      <Preview of={shown} file={file} />
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

function Preview({ of, file }: { readonly of: Shown; readonly file: Upload | null }) {
  return (
    <figure class="picker-preview">
      <figcaption>{words.templates.preview}</figcaption>
      {file !== null && <p class="picker-file">{file.name}</p>}
      {of.head !== null && <p class="picker-head">{of.head}</p>}
      <p class="text">{of.body}</p>
      {of.foot !== null && <p class="picker-note">{of.foot}</p>}
      {of.buttons.map(({ text, link }) => (
        <p key={text} class="picker-button">
          {text}
          {link !== null && <span>{link}</span>}
        </p>
      ))}
    </figure>
  );
}

interface HeadFileProps {
  readonly of: Field;
  readonly value: Upload | null;
  readonly onChange: (next: (now: Upload | null) => Upload | null) => void;
}

function HeadFile({ of, value, onChange }: HeadFileProps) {
  const field = useId();
  const take = async (file: File | undefined) => {
    if (file === undefined) return;
    const before = chosen(file);
    onChange(() => before);
    const stored = await store(file, before);
    onChange((now) => (now?.key === before.key ? stored : now));
  };
  return (
    <div class="picker-place">
      <label for={field}>{words.templates.files[of.name] ?? of.name}</label>
      <input
        id={field}
        type="file"
        accept={of.name === "document" ? undefined : `${of.name}/*`}
        onChange={(event) => void take(event.currentTarget.files?.[0])}
      />
      {value !== null && (
        <p class={value.failure === null ? "picker-note" : "picker-why"} role="status">
          {uploadState(value)}
        </p>
      )}
    </div>
  );
}

interface PlaceProps {
  readonly of: Field;
  readonly first: boolean;
  readonly value: string;
  readonly onInput: (value: string) => void;
}

function Place({ of, first, value, onInput }: PlaceProps) {
  const field = useId();
  return (
    <div class="picker-place">
      <label for={field}>{labelOf(of)}</label>
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

function labelOf({ kind, name, before = "" }: Field): string {
  const { templates } = words;
  if (kind === "link") return templates.link(name, before);
  if (kind === "code") return templates.code(name);
  return kind === "head" ? templates.head(name) : templates.place(name);
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
