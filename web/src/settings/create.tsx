/** A new connection: its fields, and the first address. */

import { useRef, useState } from "preact/hooks";
import type { ChannelKind } from "../model/types";
import { go } from "../route";
import { words } from "../words";
import { AddressFields } from "./channels";
import { create } from "./connections";
import { Fields, OneField } from "./fields";
import { inWords, Steps } from "./steps";
import type { Provider, Typed } from "./types";
import { focusFault, refusalOf, valuesOf, type Refusal } from "./values";

interface Refusals {
  readonly credentials: Refusal;
  readonly settings: Refusal;
  readonly channel: Refusal;
}

export function Create({ provider }: { readonly provider: Provider }) {
  const [name, setName] = useState("");
  const [credentials, setCredentials] = useState<Typed>({});
  const [settings, setSettings] = useState<Typed>({});
  const [kind, setKind] = useState<ChannelKind>(provider.kinds[0] ?? "sms");
  const [address, setAddress] = useState("");
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const [refusals, setRefusals] = useState<Refusals | null>(null);
  const submit = async () => {
    setBusy(true);
    setRefusals(null);
    try {
      const made = await create({
        provider: provider.name,
        ...(name.trim() === "" ? {} : { name: name.trim() }),
        credentials: valuesOf(provider.credentials, credentials),
        settings: valuesOf(provider.settings, settings),
        channels: address.trim() === "" ? [] : [{ kind, address: address.trim() }],
      });
      go({ place: made.id }, "replace");
    } catch (error) {
      setRefusals({
        credentials: refusalOf(error, "/credentials"),
        settings: refusalOf(error, "/settings"),
        channel: refusalOf(error, "/channels/0"),
      });
      setBusy(false);
      focusFault(form.current);
    }
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
      <details class="section">
        <summary>{words.settings.setUp}</summary>
        <p class="section-lead">{words.settings.setUpFirst}</p>
        <Steps of={inWords(provider.steps, [provider.settings, provider.credentials])} />
      </details>
      <section class="section">
        <OneField
          name="name"
          field={{ title: words.settings.name, description: "" }}
          value={name}
          required={false}
          isSet={false}
          fault={undefined}
          onInput={setName}
        />
      </section>
      <section class="section">
        <h2>{words.settings.credentials}</h2>
        <Fields
          schema={provider.credentials}
          typed={credentials}
          onType={setCredentials}
          refusal={refusals?.credentials ?? null}
          stored={null}
        />
      </section>
      <section class="section">
        <h2>{words.settings.channels}</h2>
        <AddressFields
          provider={provider}
          kind={kind}
          onKind={setKind}
          address={address}
          onAddress={setAddress}
          fault={refusals?.channel.fields["address"]}
        />
      </section>
      <details class="section">
        <summary>{words.settings.options}</summary>
        <Fields
          schema={provider.settings}
          typed={settings}
          onType={setSettings}
          refusal={refusals?.settings ?? null}
          stored={null}
        />
      </details>
      {refusals !== null && (
        <p class="login-refusal" role="alert">
          {reasonOf(refusals)}
        </p>
      )}
      <div class="actions">
        <button type="submit" class="button primary" disabled={busy}>
          {busy ? words.settings.creating : words.settings.create}
        </button>
      </div>
    </form>
  );
}

// A fault of any part is marked there; one of none of them is said as it is.
function reasonOf(refusals: Refusals): string {
  const all = Object.values(refusals) as readonly Refusal[];
  const marked = all.find((one) => Object.keys(one.fields).length > 0);
  return (marked ?? refusals.credentials).reason;
}
