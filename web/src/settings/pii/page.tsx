/** Settings → Personal data: what is looked for in texts, patterns of one's own, and what was found. */

import { useState } from "preact/hooks";
import { may } from "../../permissions";
import { words } from "../../words";
import { refusedBecause, useLoaded, Waiting } from "../loaded";
import { Screen } from "../screen";
import { readRules, setRule, type PiiRule, type PiiRules } from "./calls";
import { Countries, isByCountry } from "./countries";
import { Again } from "./again";
import { Patterns } from "./patterns";
import { Results } from "./results";
import { TryOut } from "./tryout";
import "./pii.css";

export default function PersonalData() {
  const loaded = useLoaded(readRules);
  return (
    <Screen title={words.pii.title} lead={words.pii.lead}>
      {loaded.value === null ? (
        <Waiting of={loaded} loading={words.pii.loading} error={words.pii.error} />
      ) : (
        <>
          <Kinds of={loaded.value} />
          <Patterns of={loaded.value.patterns} onChange={loaded.again} />
          <TryOut />
          <Again />
          <Results patterns={loaded.value.patterns} />
        </>
      )}
    </Screen>
  );
}

function Kinds({ of }: { readonly of: PiiRules }) {
  const [rules, setRules] = useState(of.rules);
  const [fault, setFault] = useState<string | null>(null);
  const change = async (rule: PiiRule) => {
    try {
      setRules((await setRule(rule)).rules);
      setFault(null);
    } catch (error) {
      setFault(refusedBecause(error));
    }
  };
  return (
    <section class="section" aria-labelledby="pii-kinds">
      <h2 id="pii-kinds">{words.pii.looksFor}</h2>
      {rules.map((one) => (
        <div key={one.kind} class="pii-rule">
          <label class="tick">
            <input
              type="checkbox"
              aria-describedby={`pii-${one.kind}`}
              checked={one.enabled}
              disabled={!may("tenant.write")}
              onChange={({ currentTarget }) => void change({ ...one, enabled: currentTarget.checked })}
            />
            <span>{words.pii.kinds[one.kind]}</span>
          </label>
          <span class="soft" id={`pii-${one.kind}`}>
            {words.pii.means[one.kind]}
          </span>
          {one.enabled && isByCountry(one.kind) && (
            <Countries
              key={(one.countries ?? []).join()}
              of={one}
              kind={one.kind}
              onChange={(countries) => void change({ ...one, countries })}
            />
          )}
        </div>
      ))}
      {fault !== null && (
        <p class="form-refusal" role="alert">
          {fault}
        </p>
      )}
      <p class="soft">{words.pii.masked}</p>
    </section>
  );
}
