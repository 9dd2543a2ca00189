/** A new endpoint, and one being changed. */

import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "../api";
import { go } from "../route";
import { useLoaded, Waiting } from "../settings/loaded";
import { Screen } from "../settings/screen";
import { focusFault, refusalOf } from "../settings/values";
import { words } from "../words";
import {
  changeEndpoint,
  createEndpoint,
  listEventTypes,
  readEndpoint,
  type EndpointWithSecret,
  type EventType,
  type Tagged,
} from "./calls";
import { bodyOf, changesOf, draftOf, NEW, readLines, type Draft } from "./draft";
import { EndpointForm, type Faults } from "./form";
import { keepEndpoint } from "./known";
import { readSchedule } from "./schedule";
import { SecretDialog } from "./secret";

export function NewEndpoint() {
  const [made, setMade] = useState<EndpointWithSecret | null>(null);
  const create = async (draft: Draft) => {
    const answer = await createEndpoint(bodyOf(draft));
    const { secret, ...endpoint } = answer;
    keepEndpoint(endpoint);
    setMade({ ...endpoint, secret });
  };
  return (
    <Screen title={words.endpoints.add} back={{ place: "", label: words.endpoints.back }}>
      <Form
        first={NEW}
        isNew
        kept={null}
        save={create}
        yes={words.endpoints.create}
        busyWords={words.endpoints.creating}
        back=""
      />
      {made !== null && (
        <SecretDialog
          secret={made.secret}
          onClose={() => {
            go({ place: made.id }, "replace");
          }}
        />
      )}
    </Screen>
  );
}

export function EditEndpoint({ id }: { readonly id: string }) {
  const load = useRef(() => readEndpoint(id));
  const loaded = useLoaded(load.current);
  return (
    <Screen title={words.endpoints.editTitle} back={{ place: id, label: words.endpoints.backToOne }}>
      {loaded.value === null ? (
        <Waiting of={loaded} loading={words.endpoints.loading} error={words.endpoints.error} />
      ) : (
        <Edit of={loaded.value} />
      )}
    </Screen>
  );
}

function Edit({ of }: { readonly of: Tagged }) {
  const { endpoint, tag } = of;
  const save = async (draft: Draft) => {
    const changes = changesOf(endpoint, draft);
    if (Object.keys(changes).length > 0) keepEndpoint(await changeEndpoint(endpoint.id, changes, tag));
    go({ place: endpoint.id });
  };
  return (
    <Form
      first={draftOf(endpoint)}
      isNew={false}
      kept={endpoint.auth.type}
      save={save}
      yes={words.endpoints.save}
      busyWords={words.endpoints.saving}
      back={endpoint.id}
    />
  );
}

interface FormProps {
  readonly first: Draft;
  readonly isNew: boolean;
  readonly kept: Draft["authType"] | null;
  readonly save: (draft: Draft) => Promise<void>;
  readonly yes: string;
  readonly busyWords: string;
  readonly back: string;
}

function Form({ first, isNew, kept, save, yes, busyWords, back }: FormProps) {
  const [draft, setDraft] = useState(first);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<{ readonly reason: string; readonly faults: Faults } | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const catalogue = useCatalogue();
  const submit = async () => {
    if (hasWrongLines(draft)) {
      setRefusal({ reason: words.settings.refused, faults: {} });
      focusFault(form.current);
      return;
    }
    setBusy(true);
    setRefusal(null);
    try {
      await save(draft);
    } catch (error) {
      setRefusal(refused(error));
      focusFault(form.current);
    }
    setBusy(false);
  };
  return (
    <form
      ref={form}
      class="settings-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <EndpointForm
        draft={draft}
        onDraft={setDraft}
        faults={refusal?.faults ?? {}}
        catalogue={catalogue}
        isNew={isNew}
        kept={kept}
      />
      {refusal !== null && (
        <p class="form-refusal" role="alert">
          {refusal.reason}
        </p>
      )}
      <div class="actions">
        <button type="submit" class="button primary" disabled={busy}>
          {busy ? busyWords : yes}
        </button>
        <button
          type="button"
          class="button"
          onClick={() => {
            go({ place: back });
          }}
        >
          {words.endpoints.cancel}
        </button>
      </div>
    </form>
  );
}

function hasWrongLines({ headers, authHeaders, authType, retries }: Draft): boolean {
  return (
    readLines(headers) === null ||
    (authType === "headers" && readLines(authHeaders) === null) ||
    readSchedule(retries) === null
  );
}

/** Why it was refused, with the values of the login told apart from the others. */
function refused(error: unknown): { readonly reason: string; readonly faults: Faults } {
  if (error instanceof ApiError && error.status === 412) {
    return { reason: words.workspace.changed, faults: {} };
  }
  const { reason, fields } = refusalOf(error, "");
  const login = refusalOf(error, "/auth").fields;
  const named = Object.entries(login).map(([name, fault]) => [`auth.${name}`, fault]);
  const { auth, ...others } = fields;
  const rest = named.length === 0 && auth !== undefined ? { auth } : {};
  return { reason, faults: { ...others, ...rest, ...(Object.fromEntries(named) as Faults) } };
}

/** What there is to choose from; null: it is not known, and patterns can be typed all the same. */
function useCatalogue(): readonly EventType[] | null {
  const [found, setFound] = useState<readonly EventType[] | null>([]);
  useEffect(() => {
    listEventTypes().then(setFound, (error: unknown) => {
      if (!(error instanceof ApiError)) throw error;
      setFound(null); // said in the form
    });
  }, []);
  return found;
}
