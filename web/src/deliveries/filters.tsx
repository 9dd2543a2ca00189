/** What narrows the list of deliveries; all of it is in the address. */

import { useEffect, useState } from "preact/hooks";
import { listEventTypes, type EventType } from "../endpoints/calls";
import { endpointName, endpoints } from "../endpoints/known";
import { ApiError } from "../api";
import { DELIVERY_STATUSES } from "../model/endpoint";
import { goQuery, query } from "../route";
import { words } from "../words";
import { HELD } from "./ledger";

const PATIENCE_MS = 300;

interface Option {
  readonly value: string;
  readonly name: string;
}

export function Filters() {
  const types = useTypes();
  const narrow = matchMedia("(max-width: 767px)").matches;
  return (
    <details class="delivery-filters" open={!narrow || query.peek().size > 0}>
      <summary>{words.deliveries.filters}</summary>
      <div class="delivery-filter-fields">
        <Choice
          name="endpoint"
          title={words.deliveries.endpoint}
          options={(endpoints.value ?? []).map((one) => ({ value: one.id, name: endpointName(one) }))}
        />
        <Choice
          name="status"
          title={words.deliveries.status}
          options={[
            ...DELIVERY_STATUSES.map((one) => ({ value: one, name: words.deliveries.statuses[one] })),
            { value: HELD, name: words.deliveries.heldOnly },
          ]}
        />
        <Choice
          name="type"
          title={words.deliveries.eventType}
          options={types.map(({ type }) => ({ value: type, name: type }))}
        />
        <Choice
          name="since"
          title={words.deliveries.since}
          options={(["hour", "day", "week"] as const).map((one) => ({
            value: one,
            name: words.deliveries.sinces[one],
          }))}
        />
        <Find />
      </div>
    </details>
  );
}

interface ChoiceProps {
  readonly name: string;
  readonly title: string;
  readonly options: readonly Option[];
}

function Choice({ name, title, options }: ChoiceProps) {
  const chosen = query.value.get(name) ?? "";
  // What the address names is shown, even when it is (no longer) among what is known.
  const known = chosen === "" || options.some(({ value }) => value === chosen);
  const shown = known ? options : [...options, { value: chosen, name: chosen }];
  return (
    <label class="field">
      <span>{title}</span>
      <select
        value={chosen}
        onChange={(event) => {
          goQuery({ [name]: event.currentTarget.value || null });
        }}
      >
        <option value="">{words.filter.any}</option>
        {shown.map((one) => (
          <option key={one.value} value={one.value}>
            {one.name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Asks once somebody stops typing. */
function Find() {
  const asked = query.value.get("q") ?? "";
  const [typed, setTyped] = useState(asked);
  useEffect(() => {
    setTyped(asked);
  }, [asked]);
  useEffect(() => {
    if (typed.trim() === asked) return undefined;
    const timer = setTimeout(() => {
      goQuery({ q: typed.trim() || null });
    }, PATIENCE_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [typed, asked]);
  return (
    <label class="field">
      <span>{words.deliveries.find}</span>
      <input
        type="search"
        value={typed}
        placeholder={words.deliveries.findNote}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
        }}
      />
    </label>
  );
}

function useTypes(): readonly EventType[] {
  const [types, setTypes] = useState<readonly EventType[]>([]);
  useEffect(() => {
    listEventTypes().then(setTypes, (error: unknown) => {
      if (!(error instanceof ApiError)) throw error; // there is one choice less then
    });
  }, []);
  return types;
}
