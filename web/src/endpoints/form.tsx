/** The form of an endpoint: where to, what it gets, who we are, how it is signed and sent. */

import type { AuthType, Scheme } from "../model/endpoint";
import { SCHEMES } from "../model/endpoint";
import { toggled } from "../settings/editing";
import { Tick } from "../ui/tick";
import { words } from "../words";
import { channels, labels } from "../workspace";
import { AuthFields } from "./authfields";
import type { EventType } from "./calls";
import { filterOf, type Draft } from "./draft";
import { DryRunPanel } from "./dryrun";
import { EventTypes } from "./eventtypes";
import { InputField } from "./field";
import { Sending } from "./sending";
import { Several } from "./several";
import "./form.css";

/** What is wrong, by the name of the value; those of the login have `auth.` in front. */
export type Faults = Readonly<Record<string, string>>;

export interface FormProps {
  readonly draft: Draft;
  readonly onDraft: (draft: Draft) => void;
  readonly faults: Faults;
  readonly catalogue: readonly EventType[] | null;
  readonly isNew: boolean;
  /** What it proves itself with now. */
  readonly kept: AuthType | null;
}

export function EndpointForm(props: FormProps) {
  return (
    <>
      <Where {...props} />
      <What {...props} />
      <Signatures {...props} />
      <AuthFields {...props} />
      <Sending {...props} />
    </>
  );
}

function Where({ draft, onDraft, faults }: FormProps) {
  return (
    <section class="section" aria-labelledby="where">
      <h2 id="where">{words.endpoints.where}</h2>
      <InputField
        label={words.endpoints.url}
        name="url"
        note={words.endpoints.urlNote}
        fault={faults["url"]}
        value={draft.url}
        onChange={(url) => {
          onDraft({ ...draft, url });
        }}
      />
      <InputField
        label={words.endpoints.description}
        name="description"
        note={words.endpoints.descriptionNote}
        fault={faults["description"]}
        value={draft.description}
        onChange={(description) => {
          onDraft({ ...draft, description });
        }}
      />
    </section>
  );
}

function What({ draft, onDraft, faults, catalogue }: FormProps) {
  return (
    <section class="section" aria-labelledby="what">
      <h2 id="what">{words.endpoints.what}</h2>
      <EventTypes
        catalogue={catalogue}
        everything={draft.everything}
        chosen={draft.eventTypes}
        fault={faults["event_types"]}
        onEverything={(everything) => {
          onDraft({ ...draft, everything });
        }}
        onChoose={(eventTypes) => {
          onDraft({ ...draft, eventTypes });
        }}
      />
      <Several
        legend={words.endpoints.onlyChannels}
        of={channels.value.map(({ id, name, address }) => ({ id, name: name || address }))}
        chosen={draft.channelIds}
        onChoose={(channelIds) => {
          onDraft({ ...draft, channelIds });
        }}
      />
      <Several
        legend={words.endpoints.onlyLabels}
        of={labels.value}
        chosen={draft.labelIds}
        onChoose={(labelIds) => {
          onDraft({ ...draft, labelIds });
        }}
      />
      <DryRunPanel filter={filterOf(draft)} />
    </section>
  );
}

function Signatures({ draft, onDraft, faults, isNew }: FormProps) {
  return (
    <section class="section" aria-labelledby="signatures">
      <h2 id="signatures">{words.endpoints.signatures}</h2>
      <p class="section-lead">{words.endpoints.signaturesWhy}</p>
      {SCHEMES.map((one) => (
        <Tick
          key={one}
          checked={draft.schemes.includes(one)}
          onChange={(wanted) => {
            const chosen = toggled(draft.schemes, one, wanted);
            onDraft({ ...draft, schemes: SCHEMES.filter((each): each is Scheme => chosen.includes(each)) });
          }}
        >
          {words.endpoints.schemes[one]}
        </Tick>
      ))}
      {isNew && (
        <InputField
          label={words.endpoints.ownSecret}
          name="secret"
          note={words.endpoints.ownSecretNote}
          fault={faults["secret"]}
          value={draft.secret}
          onChange={(secret) => {
            onDraft({ ...draft, secret });
          }}
        />
      )}
    </section>
  );
}
