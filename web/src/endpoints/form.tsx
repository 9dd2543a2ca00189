/** The form of an endpoint: where to, what it gets, who we are, how it is signed and sent. */

import type { AuthType, Scheme } from "../model/endpoint";
import { SCHEMES } from "../model/endpoint";
import { toggled } from "../settings/editing";
import { Tick } from "../ui/tick";
import { words } from "../words";
import { channels, labels } from "../workspace";
import { AuthFields } from "./authfields";
import type { EventType } from "./calls";
import { filterOf, readLines, type Draft } from "./draft";
import { DryRunPanel } from "./dryrun";
import { EventTypes } from "./eventtypes";
import { InputField, LinesField, SelectField } from "./field";
import { inWords, readSchedule } from "./schedule";

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

interface SeveralProps {
  readonly legend: string;
  readonly of: readonly { readonly id: string; readonly name: string }[];
  readonly chosen: readonly string[];
  readonly onChoose: (chosen: readonly string[]) => void;
}

export function Several({ legend, of, chosen, onChoose }: SeveralProps) {
  if (of.length === 0) return null;
  return (
    <fieldset class="choices">
      <legend>{legend}</legend>
      <div class="several">
        {of.map((one) => (
          <Tick
            key={one.id}
            checked={chosen.includes(one.id)}
            onChange={(wanted) => {
              onChoose(toggled(chosen, one.id, wanted));
            }}
          >
            {one.name}
          </Tick>
        ))}
      </div>
      {chosen.length === 0 && <p class="field-note">{words.endpoints.anyOfThem}</p>}
    </fieldset>
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

function Sending({ draft, onDraft, faults }: FormProps) {
  const schedule = readSchedule(draft.retries);
  const headersWrong = readLines(draft.headers) === null;
  return (
    <section class="section" aria-labelledby="sending">
      <h2 id="sending">{words.endpoints.sending}</h2>
      <SelectField
        label={words.endpoints.ordering}
        name="ordering"
        note={words.endpoints.orderingNote}
        fault={faults["ordering"]}
        value={draft.ordering}
        options={words.endpoints.orderings}
        onChange={(ordering) => {
          onDraft({ ...draft, ordering: ordering as Draft["ordering"] });
        }}
      />
      <InputField
        label={words.endpoints.retries}
        name="retry_seconds"
        note={schedule === null || schedule.length === 0 ? words.endpoints.retriesNote : inWords(schedule)}
        fault={schedule === null ? words.endpoints.retriesWrong : faults["retry_seconds"]}
        value={draft.retries}
        onChange={(retries) => {
          onDraft({ ...draft, retries });
        }}
      />
      <div class="three">
        <InputField
          label={words.endpoints.timeout}
          name="timeout_ms"
          numeric
          fault={faults["timeout_ms"]}
          value={draft.timeout}
          onChange={(timeout) => {
            onDraft({ ...draft, timeout });
          }}
        />
        <InputField
          label={words.endpoints.inFlight}
          name="max_in_flight"
          numeric
          fault={faults["max_in_flight"]}
          value={draft.inFlight}
          onChange={(inFlight) => {
            onDraft({ ...draft, inFlight });
          }}
        />
        <InputField
          label={words.endpoints.perSecond}
          name="per_second"
          numeric
          note={words.endpoints.perSecondNote}
          fault={faults["per_second"]}
          value={draft.perSecond}
          onChange={(perSecond) => {
            onDraft({ ...draft, perSecond });
          }}
        />
      </div>
      <LinesField
        label={words.endpoints.customHeaders}
        name="headers"
        note={`${words.endpoints.headersNote}. ${words.endpoints.customHeadersNote}`}
        fault={headersWrong ? words.endpoints.wrongLines : faults["headers"]}
        value={draft.headers}
        onChange={(headers) => {
          onDraft({ ...draft, headers });
        }}
      />
    </section>
  );
}
