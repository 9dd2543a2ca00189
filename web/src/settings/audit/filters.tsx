/** What of the audit is shown; all of it stands in the address. */

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../../api";
import { may } from "../../permissions";
import { goQuery, query } from "../../route";
import { words } from "../../words";
import { members } from "../../workspace";
import { listKeys, type ApiKey } from "../keys/calls";
import { isRecord, OPERATIONS } from "./ledger";

/** Who is known by no id, and chosen by what they are. */
const NAMELESS = ["operator", "link"] as const;

export function Filters() {
  const keys = useKeys();
  const { operations, tables } = words.audit;
  return (
    <div class="audit-filters">
      <Choice name="actor" title={words.audit.who}>
        <optgroup label={words.audit.members}>
          {members.value.map((one) => (
            <option key={one.id} value={one.id}>
              {one.name}
            </option>
          ))}
        </optgroup>
        {keys.length > 0 && (
          <optgroup label={words.audit.keys}>
            {keys.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </optgroup>
        )}
        <optgroup label={words.audit.nameless}>
          {NAMELESS.map((one) => (
            <option key={one} value={one}>
              {words.audit.actors[one]}
            </option>
          ))}
        </optgroup>
      </Choice>
      <Choice name="operation" title={words.audit.operation}>
        {OPERATIONS.map((one) => (
          <option key={one} value={one}>
            {operations[one]}
          </option>
        ))}
      </Choice>
      <Choice name="table" title={words.audit.table}>
        {Object.entries(tables).map(([name, title]) => (
          <option key={name} value={name}>
            {title}
          </option>
        ))}
      </Choice>
      <Day name="since" title={words.audit.since} />
      <Day name="until" title={words.audit.until} />
      <Record />
    </div>
  );
}

function Choice({ name, title, children }: { name: string; title: string; children: ComponentChildren }) {
  return (
    <label class="field">
      <span>{title}</span>
      <select
        value={query.value.get(name) ?? ""}
        onChange={(event) => {
          goQuery({ [name]: event.currentTarget.value || null });
        }}
      >
        <option value="">{words.filter.any}</option>
        {children}
      </select>
    </label>
  );
}

function Day({ name, title }: { readonly name: string; readonly title: string }) {
  return (
    <label class="field">
      <span>{title}</span>
      <input
        type="date"
        value={query.value.get(name) ?? ""}
        onChange={(event) => {
          goQuery({ [name]: event.currentTarget.value || null });
        }}
      />
    </label>
  );
}

function Record() {
  const wanted = query.value.get("record") ?? "";
  const wrong = wanted !== "" && !isRecord(wanted);
  return (
    <label class="field audit-record">
      <span>{words.audit.record}</span>
      <input
        type="text"
        spellcheck={false}
        placeholder="cus_…"
        value={wanted}
        aria-invalid={wrong}
        onChange={(event) => {
          goQuery({ record: event.currentTarget.value.trim() || null });
        }}
      />
      <small class={wrong ? "form-refusal" : "soft"}>
        {wrong ? words.audit.noRecord : words.audit.recordHint}
      </small>
    </label>
  );
}

/** The keys to choose from; whoever may not see them chooses among people only. */
function useKeys(): readonly ApiKey[] {
  const [keys, setKeys] = useState<readonly ApiKey[]>([]);
  const allowed = may("api_keys.write");
  useEffect(() => {
    if (!allowed) return;
    listKeys().then(setKeys, (error: unknown) => {
      if (!(error instanceof ApiError)) throw error;
    });
  }, [allowed]);
  return keys;
}
