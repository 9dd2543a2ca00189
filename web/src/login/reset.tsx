/** Setting a new password by the link of a mail. */

import { useRef, useState } from "preact/hooks";
import { go } from "../route";
import { words } from "../words";
import { lookAtReset, resetPassword } from "./calls";
import { askAgain, Card, reasonFor, SecretField } from "./card";
import { tokenInLink, useLook } from "./link";

export default function Reset() {
  const { found, dead } = useLook(lookAtReset);
  const [state, setState] = useState<"idle" | "busy" | "done">("idle");
  const [refusal, setRefusal] = useState<string | null>(null);
  const password = useRef<HTMLInputElement>(null);
  const submit = async () => {
    setState("busy");
    setRefusal(null);
    try {
      await resetPassword(tokenInLink, password.current?.value ?? "");
      setState("done");
    } catch (error) {
      setRefusal(reasonFor(error));
      setState("idle");
      askAgain(password.current);
    }
  };
  const toLogin = (
    <button
      type="button"
      class="login-link"
      onClick={() => {
        go({ page: "login" }, "replace");
      }}
    >
      {words.login.toLogin}
    </button>
  );
  if (dead !== null) return <Card title={words.login.resetTitle} refusal={dead} after={toLogin} />;
  if (found === null) return <Card title={words.login.resetTitle} />;
  if (state === "done") {
    return (
      <Card title={words.login.resetTitle} after={toLogin}>
        <p role="status">{words.login.resetDone}</p>
      </Card>
    );
  }
  return (
    <Card
      title={words.login.resetTitle}
      lead={words.login.resetLead(found.email)}
      refusal={refusal}
      action={state === "busy" ? words.login.saving : words.login.resetSubmit}
      busy={state === "busy"}
      onSubmit={() => void submit()}
    >
      <input type="hidden" name="username" autocomplete="username" value={found.email} />
      <SecretField
        label={words.login.newPassword}
        field={password}
        fresh
        refused={refusal !== null}
        note={words.login.passwordRule}
      />
    </Card>
  );
}
