/** The second factor: set up with an app, kept up with recovery codes, turned off by who knows the password. */

import { useState } from "preact/hooks";
import { words } from "../../words";
import { Badge } from "../badge";
import { useLoaded, Waiting } from "../loaded";
import {
  beginSecondFactor,
  disableSecondFactor,
  renewRecoveryCodes,
  secondFactor,
  type NewSecondFactor,
} from "./calls";
import { Codes } from "./codes";
import { Prove } from "./prove";
import { Scan } from "./scan";

type Step = "idle" | "begin" | "disable" | "renew";

export function Factor() {
  const loaded = useLoaded(secondFactor);
  const [step, setStep] = useState<Step>("idle");
  const [made, setMade] = useState<NewSecondFactor | null>(null);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const close = () => {
    setStep("idle");
    setMade(null);
    setCodes(null);
    loaded.again();
  };
  const prove = async (password: string) => {
    if (step === "begin") setMade(await beginSecondFactor(password));
    if (step === "renew") setCodes(await renewRecoveryCodes(password));
    if (step === "disable") await disableSecondFactor(password);
    if (step === "disable") close();
    else setStep("idle");
  };
  return (
    <section class="section">
      <div class="state-line">
        <h2>{words.profile.factor}</h2>
        {loaded.value !== null && (
          <Badge kind={loaded.value.enabled ? "active" : "disabled"}>
            {loaded.value.enabled ? words.profile.on : words.profile.off}
          </Badge>
        )}
      </div>
      {loaded.value === null ? (
        <Waiting of={loaded} loading={words.profile.loading} error={words.profile.error} />
      ) : loaded.value.enabled ? (
        <>
          <p class="section-lead">{words.profile.factorOn(loaded.value.recovery_codes)}</p>
          <div class="actions">
            <Action
              label={words.profile.newCodes}
              onDo={() => {
                setStep("renew");
              }}
            />
            <Action
              label={words.profile.turnOff}
              onDo={() => {
                setStep("disable");
              }}
            />
          </div>
        </>
      ) : (
        <>
          <p class="section-lead">{words.profile.factorOff}</p>
          <div class="actions">
            <Action
              label={words.profile.setUp}
              onDo={() => {
                setStep("begin");
              }}
            />
          </div>
        </>
      )}
      {step !== "idle" && (
        <Prove
          onProve={prove}
          onClose={() => {
            setStep("idle");
          }}
        />
      )}
      {made !== null && codes === null && <Scan of={made} onConfirmed={setCodes} onClose={close} />}
      {codes !== null && <Codes of={codes} onClose={close} />}
    </section>
  );
}

function Action({ label, onDo }: { readonly label: string; readonly onDo: () => void }) {
  return (
    <button type="button" class="button" onClick={onDo}>
      {label}
    </button>
  );
}
