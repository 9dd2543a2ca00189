/** Of which countries a kind of personal data is: two letters each, with commas between them. */

import { useState } from "preact/hooks";
import { may } from "../../permissions";
import { words } from "../../words";
import type { PiiRule } from "./calls";

/** Kinds that differ from country to country. */
const BY_COUNTRY = ["national_id", "phone"] as const;
type ByCountry = (typeof BY_COUNTRY)[number];

export function isByCountry(kind: string): kind is ByCountry {
  return BY_COUNTRY.some((one) => one === kind);
}

export function Countries({
  of,
  kind,
  onChange,
}: {
  readonly of: PiiRule;
  readonly kind: ByCountry;
  readonly onChange: (countries: readonly string[] | null) => void;
}) {
  const stored = (of.countries ?? []).join(", ");
  const [typed, setTyped] = useState(stored);
  const id = `pii-${kind}-countries`;
  return (
    <form
      class="pii-countries"
      onSubmit={(event) => {
        event.preventDefault();
        const named = readCountries(typed);
        onChange(named.length === 0 ? null : named);
      }}
    >
      <div class="field">
        <label for={id}>{words.pii.countries[kind]}</label>
        <input
          id={id}
          value={typed}
          placeholder={words.pii.anyCountry[kind]}
          disabled={!may("tenant.write")}
          autocomplete="off"
          onInput={({ currentTarget }) => {
            setTyped(currentTarget.value);
          }}
        />
      </div>
      {typed !== stored && (
        <button type="submit" class="button">
          {words.pii.saveCountries}
        </button>
      )}
    </form>
  );
}

/** Read what was typed: any letters, with commas or spaces between the countries. */
function readCountries(typed: string): string[] {
  return typed
    .toUpperCase()
    .split(/[\s,;]+/)
    .filter((one) => one !== "");
}
