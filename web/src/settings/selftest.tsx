/** The self-test of a connection: one button, and what it found in words. */

import { CircleAlert, CircleCheck, RefreshCw } from "lucide";
import { useState } from "preact/hooks";
import { Icon } from "../ui/icon";
import { words } from "../words";
import { runSelfTest } from "./connections";
import type { Check, SelfTest } from "./types";
import { refusalOf } from "./values";

export function SelfTestPanel({ id }: { readonly id: string }) {
  const [busy, setBusy] = useState(false);
  const [found, setFound] = useState<SelfTest | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const test = async () => {
    setBusy(true);
    setFailure(null);
    try {
      setFound(await runSelfTest(id));
    } catch (error) {
      setFailure(refusalOf(error, "").reason);
    }
    setBusy(false);
  };
  return (
    <>
      <p class="section-lead">{words.settings.testWhy}</p>
      <button type="button" class="button" disabled={busy} onClick={() => void test()}>
        <Icon of={RefreshCw} />
        {busy ? words.settings.testing : words.settings.test}
      </button>
      <div aria-live="polite">
        {failure !== null && <p class="login-refusal">{failure}</p>}
        {found !== null && <Findings of={found} />}
      </div>
    </>
  );
}

function Findings({ of }: { readonly of: SelfTest }) {
  const wrong = of.checks.filter((one) => !one.ok);
  return (
    <>
      <p class={of.ok ? "verdict good" : "verdict bad"}>
        {of.ok ? words.settings.testOk : words.settings.testNotOk(wrong.length)}
      </p>
      <ul class="checks">
        {[...wrong, ...of.checks.filter((one) => one.ok)].map((one) => (
          <Line key={one.name} of={one} />
        ))}
      </ul>
    </>
  );
}

function Line({ of }: { readonly of: Check }) {
  return (
    <li class={of.ok ? "check good" : "check bad"} data-check={of.name}>
      <Icon
        of={of.ok ? CircleCheck : CircleAlert}
        label={of.ok ? words.settings.passed : words.settings.failed}
      />
      <div>
        <p>{of.sentence}</p>
        {of.hint !== null && <p class="soft">{of.hint}</p>}
      </div>
    </li>
  );
}
