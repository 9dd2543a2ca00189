/** The second step of a login: a code of the app, or a recovery code. */

import { useEffect, useRef, useState } from "preact/hooks";
import { boot } from "../shell/boot";
import { words } from "../words";
import { sendCode } from "./calls";
import { askAgain, Card, reasonFor } from "./card";

export default function Code({ onBack }: { readonly onBack: () => void }) {
  const [busy, setBusy] = useState(false);
  const [lost, setLost] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    field.current?.focus();
  }, [lost]);
  const submit = async () => {
    setBusy(true);
    setRefusal(null);
    try {
      await sendCode(field.current?.value.trim() ?? "");
    } catch (error) {
      setRefusal(reasonFor(error));
      setBusy(false);
      askAgain(field.current);
      return;
    }
    await boot();
  };
  return (
    <Card
      title={words.login.codeTitle}
      lead={lost ? words.login.recoveryLead : words.login.codeLead}
      refusal={refusal}
      action={busy ? words.login.busy : words.login.submit}
      busy={busy}
      onSubmit={() => void submit()}
      after={
        <>
          <button
            type="button"
            class="login-link"
            onClick={() => {
              setLost(!lost);
            }}
          >
            {lost ? words.login.useCode : words.login.useRecovery}
          </button>
          <button type="button" class="login-link" onClick={onBack}>
            {words.login.back}
          </button>
        </>
      }
    >
      <label class="field">
        <span>{lost ? words.login.recoveryCode : words.login.code}</span>
        <input
          key={lost ? "recovery" : "code"}
          ref={field}
          class="numbers"
          name="code"
          inputMode={lost ? "text" : "numeric"}
          autocomplete={lost ? "off" : "one-time-code"}
          minLength={6}
          maxLength={40}
          required
          aria-invalid={refusal !== null}
          aria-describedby={refusal === null ? undefined : "login-refusal"}
        />
      </label>
    </Card>
  );
}
