/** Having a link sent that sets a new password. The page never learns who has an account. */

import { useState } from "preact/hooks";
import { words } from "../words";
import { askForReset } from "./calls";
import { Card, reasonFor } from "./card";

interface ForgotProps {
  readonly email: string;
  readonly onBack: () => void;
}

export default function Forgot({ email: typed, onBack }: ForgotProps) {
  const [email, setEmail] = useState(typed);
  const [state, setState] = useState<"idle" | "busy" | "sent">("idle");
  const [refusal, setRefusal] = useState<string | null>(null);
  const back = (
    <button type="button" class="login-link" onClick={onBack}>
      {words.login.back}
    </button>
  );
  const submit = async () => {
    setState("busy");
    setRefusal(null);
    try {
      await askForReset(email);
      setState("sent");
    } catch (error) {
      setRefusal(reasonFor(error));
      setState("idle");
    }
  };
  if (state === "sent") {
    return (
      <Card title={words.login.sentTitle} after={back}>
        <p role="status">{words.login.sent(email)}</p>
      </Card>
    );
  }
  return (
    <Card
      title={words.login.forgotTitle}
      lead={words.login.forgotLead}
      refusal={refusal}
      action={state === "busy" ? words.login.sending : words.login.send}
      busy={state === "busy"}
      onSubmit={() => void submit()}
      after={back}
    >
      <label class="field">
        <span>{words.login.email}</span>
        <input
          type="email"
          name="email"
          autocomplete="username"
          required
          value={email}
          onInput={(event) => {
            setEmail(event.currentTarget.value);
          }}
        />
      </label>
    </Card>
  );
}
