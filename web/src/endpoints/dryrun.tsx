/** What a filter would have let through of what has happened lately. */

import { useState } from "preact/hooks";
import { refusedBecause } from "../settings/loaded";
import { number } from "../ui/number";
import { ago, exact, now } from "../ui/time";
import { words } from "../words";
import { dryRun, type DryRun } from "./calls";

export function DryRunPanel({ filter }: { readonly filter: unknown }) {
  const [found, setFound] = useState<DryRun | null>(null);
  const [refusal, setRefusal] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const compare = async () => {
    setBusy(true);
    setRefusal(null);
    try {
      setFound(await dryRun(filter));
    } catch (error) {
      setFound(null);
      setRefusal(refusedBecause(error));
    }
    setBusy(false);
  };
  return (
    <section class="dry-run" aria-labelledby="dry-run">
      <h3 id="dry-run">{words.endpoints.dryRun}</h3>
      <p class="section-lead">{words.endpoints.dryRunWhy}</p>
      <div>
        <button type="button" class="button" disabled={busy} onClick={() => void compare()}>
          {busy ? words.endpoints.dryRunning : words.endpoints.dryRunDo}
        </button>
        <div role="status">
          {refusal !== null && <p class="form-refusal">{refusal}</p>}
          {found !== null && <Found of={found} />}
        </div>
      </div>
    </section>
  );
}

function Found({ of }: { readonly of: DryRun }) {
  if (of.examined === 0) return <p>{words.endpoints.dryRunNone}</p>;
  return (
    <>
      <p class="dry-run-sum">{words.endpoints.dryRunOf(of.matched, of.examined)}</p>
      {of.types.length > 0 && (
        <ul class="counted">
          {of.types.map((one) => (
            <li key={one.type}>
              <code>{one.type}</code>
              <span class="numbers">{number(one.count)}</span>
            </li>
          ))}
        </ul>
      )}
      {of.examples.length > 0 && (
        <details>
          <summary>{words.endpoints.examples}</summary>
          <ul class="counted">
            {of.examples.map((one) => (
              <li key={one.id}>
                <span>
                  <code>{one.type}</code> <span class="soft">{words.deliveries.seq(one.seq)}</span>
                </span>
                <time class="soft numbers" dateTime={one.timestamp} title={exact(one.timestamp)}>
                  {ago(one.timestamp, now.value)}
                </time>
              </li>
            ))}
          </ul>
        </details>
      )}
      {of.not_matching.length > 0 && (
        <details>
          <summary>{words.endpoints.wouldNot}</summary>
          <ul class="counted">
            {of.not_matching.map((one) => (
              <li key={`${one.type} ${one.reason}`}>
                <span>
                  <code>{one.type}</code>{" "}
                  <span class="soft">{words.endpoints.reasons[one.reason] ?? one.reason}</span>
                </span>
                <span class="numbers">{number(one.count)}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}
