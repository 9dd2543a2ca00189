/** Has what was written before be looked through by the rules of now. */

import { useState } from "preact/hooks";
import { may } from "../../permissions";
import { words } from "../../words";
import { refusedBecause } from "../loaded";
import { scanAgain } from "./calls";

export function Again() {
  const [asked, setAsked] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  if (!may("tenant.write")) return null;
  const ask = async () => {
    try {
      await scanAgain();
      setAsked(true);
      setFault(null);
    } catch (error) {
      setFault(refusedBecause(error));
    }
  };
  return (
    <section class="section" aria-labelledby="pii-again">
      <h2 id="pii-again">{words.pii.againTitle}</h2>
      <p class="soft">{words.pii.againWhy}</p>
      <div class="actions">
        <button type="button" class="button" disabled={asked} onClick={() => void ask()}>
          {words.pii.again}
        </button>
        <span class="soft" role="status">
          {asked && words.pii.againDone}
        </span>
      </div>
      {fault !== null && (
        <p class="form-refusal" role="alert">
          {fault}
        </p>
      )}
    </section>
  );
}
