/** The login. What was typed stays when it is refused. */

import { signal } from "@preact/signals";
import { useRef, useState } from "preact/hooks";
import { ApiError, logIn } from "../api";
import { boot } from "../shell/boot";
import { sessionEnded } from "../sync";
import { words } from "../words";
import "./login.css";

const email = signal("");

export function Login() {
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const password = useRef<HTMLInputElement>(null);
  const submit = async () => {
    setBusy(true);
    setRefusal(null);
    const reason = await tryLogIn(email.peek(), password.current?.value ?? "");
    setBusy(false);
    setRefusal(reason);
    if (reason !== null) askAgain(password.current);
  };
  return (
    <main class="login">
      <form
        class="login-card"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <img src="/assets/favicon.svg" alt="" width={40} height={40} />
        <h1>{words.login.title}</h1>
        {sessionEnded.value && refusal === null && <p class="login-note">{words.login.ended}</p>}
        <label class="field">
          <span>{words.login.email}</span>
          <input
            type="email"
            name="email"
            autocomplete="username"
            required
            value={email.value}
            onInput={(event) => {
              email.value = event.currentTarget.value;
            }}
          />
        </label>
        <label class="field">
          <span>{words.login.password}</span>
          <input
            ref={password}
            type="password"
            name="password"
            autocomplete="current-password"
            required
            aria-invalid={refusal !== null}
            aria-describedby={refusal === null ? undefined : "login-refusal"}
          />
        </label>
        {refusal !== null && (
          <p class="login-refusal" id="login-refusal" role="alert">
            {refusal}
          </p>
        )}
        <button type="submit" class="button primary" disabled={busy}>
          {busy ? words.login.busy : words.login.submit}
        </button>
        <p class="login-hint">{words.login.hint}</p>
      </form>
    </main>
  );
}

/** Log in and open the inbox; the reason in words when that is refused. */
async function tryLogIn(address: string, secret: string): Promise<string | null> {
  try {
    await logIn(address, secret);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return reasonFor(error);
  }
  await boot();
  return null;
}

// Selecting alone does not move the focus in every browser.
function askAgain(field: HTMLInputElement | null): void {
  field?.focus();
  field?.select();
}

function reasonFor(error: ApiError): string {
  if (error.status === 0) return words.error.unreachable;
  if (error.status === 401) return words.login.wrong;
  if (error.status === 429) return words.login.tooMany(error.retryAfter);
  return error.message;
}
