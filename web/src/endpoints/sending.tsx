/** How deliveries are sent: their order, attempts, limits and headers. */

import { words } from "../words";
import { readLines, type Draft } from "./draft";
import { InputField, LinesField, SelectField } from "./field";
import type { FormProps } from "./form";
import { inWords, readSchedule } from "./schedule";

export function Sending({ draft, onDraft, faults }: FormProps) {
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
      <SelectField
        label={words.endpoints.maskPii}
        name="mask_pii"
        note={words.endpoints.maskPiiNote}
        fault={faults["mask_pii"]}
        value={draft.maskPii}
        options={words.endpoints.maskPiis}
        onChange={(maskPii) => {
          onDraft({ ...draft, maskPii: maskPii as Draft["maskPii"] });
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
