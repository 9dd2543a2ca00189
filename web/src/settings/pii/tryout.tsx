/** A box to try out in what would be found in a text. Nothing of it is kept. */

import { useState } from "preact/hooks";
import { words } from "../../words";
import { refusedBecause } from "../loaded";
import { tryOut, type Trial } from "./calls";

export function TryOut() {
  return (
    <section class="section" aria-labelledby="pii-try">
      <h2 id="pii-try">{words.pii.tryOut}</h2>
      <Trying pattern={null} rows={4} />
    </section>
  );
}

interface TryingProps {
  /** To be looked for alone; null: all that is on. */
  readonly pattern: string | null;
  readonly rows: number;
}

export function Trying({ pattern, rows }: TryingProps) {
  const [text, setText] = useState("");
  const [trial, setTrial] = useState<Trial | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const look = async () => {
    try {
      setTrial(await tryOut(text, pattern));
      setFault(null);
    } catch (error) {
      setTrial(null);
      setFault(refusedBecause(error));
    }
  };
  return (
    <div class="pii-try">
      <label class="field">
        <span>{words.pii.tryText}</span>
        <textarea
          rows={rows}
          maxLength={10_000}
          value={text}
          onInput={({ currentTarget }) => {
            setText(currentTarget.value);
            setTrial(null);
          }}
        />
      </label>
      <div class="actions">
        <button type="button" class="button" disabled={text === ""} onClick={() => void look()}>
          {words.pii.look}
        </button>
        <span class="soft" role="status">
          {trial !== null && words.pii.found(trial.findings.length)}
        </span>
      </div>
      {trial !== null && trial.findings.length > 0 && <p class="pii-masked">{trial.masked}</p>}
      {fault !== null && (
        <p class="form-refusal" role="alert">
          {fault}
        </p>
      )}
    </div>
  );
}
