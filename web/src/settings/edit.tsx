/** Changing the credentials and the settings of a connection. Secrets are replaced, never shown. */

import { useRef, useState } from "preact/hooks";
import { words } from "../words";
import { change } from "./connections";
import { Fields } from "./fields";
import type { ConnectionView, Provider, Typed } from "./types";
import { changesOf, focusFault, refusalOf, typedOf, valuesOf, type Refusal } from "./values";

interface EditFormProps {
  readonly of: ConnectionView;
  readonly provider: Provider;
}

export function EditForm({ of, provider }: EditFormProps) {
  const before = typedOf(provider.settings, of.settings);
  const [credentials, setCredentials] = useState<Typed>({});
  const [settings, setSettings] = useState<Typed>(before);
  const [keep, setKeep] = useState(true);
  const [state, setState] = useState<"idle" | "busy" | "saved">("idle");
  const form = useRef<HTMLFormElement>(null);
  const [refusals, setRefusals] = useState<readonly [Refusal, Refusal] | null>(null);
  const save = async () => {
    setState("busy");
    setRefusals(null);
    try {
      await change(of.id, {
        credentials: valuesOf(provider.credentials, credentials),
        keep_previous: keep,
        settings: changesOf(provider.settings, before, settings),
      });
      setCredentials({});
      setState("saved");
    } catch (error) {
      setRefusals([refusalOf(error, "/credentials"), refusalOf(error, "/settings")]);
      setState("idle");
      focusFault(form.current);
    }
  };
  return (
    <form
      ref={form}
      class="section settings-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <h2>{words.settings.credentials}</h2>
      <p class="section-lead">{words.settings.credentialsWhy}</p>
      <Fields
        schema={provider.credentials}
        typed={credentials}
        onType={setCredentials}
        refusal={refusals?.[0] ?? null}
        stored={of.credentials_set}
      />
      <label class="tick">
        <input
          type="checkbox"
          checked={keep}
          onChange={(event) => {
            setKeep(event.currentTarget.checked);
          }}
        />
        <span>{words.settings.keepPrevious}</span>
      </label>
      <h2>{words.settings.options}</h2>
      <Fields
        schema={provider.settings}
        typed={settings}
        onType={setSettings}
        refusal={refusals?.[1] ?? null}
        stored={[]}
      />
      {refusals !== null && (
        <p class="login-refusal" role="alert">
          {(Object.keys(refusals[1].fields).length > 0 ? refusals[1] : refusals[0]).reason}
        </p>
      )}
      <div class="actions">
        <button type="submit" class="button primary" disabled={state === "busy"}>
          {state === "busy" ? words.settings.saving : words.settings.save}
        </button>
        <span role="status" class="soft">
          {state === "saved" && words.settings.saved}
        </span>
      </div>
    </form>
  );
}
