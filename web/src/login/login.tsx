/** The login: a password, then a code if there is one. What was typed stays when it is refused. */

import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, logIn } from "../api";
import { boot } from "../shell/boot";
import { sessionEnded } from "../sync";
import { Lazy } from "../ui/lazy";
import { words } from "../words";
import { SIGN_IN, waysIn, type WaysIn } from "./calls";
import { askAgain, Card, reasonFor, SecretField } from "./card";

type Step = "password" | "code" | "forgot";

const NEEDS_CODE = "second_factor_required";
const email = signal("");
/** What the gateway wrote into the address on the way back from an identity provider. */
const arrival = new URLSearchParams(location.search);

const loadCode = () => import("./code");
const loadForgot = () => import("./forgot");

export function Login() {
  const [step, setStep] = useState<Step>(arrival.get("code") === "needed" ? "code" : "password");
  const back = () => {
    arrival.delete("code");
    arrival.delete("refused");
    setStep("password");
  };
  if (step === "code") return <Lazy key="code" load={loadCode} of={{ onBack: back }} />;
  if (step === "forgot") {
    return <Lazy key="forgot" load={loadForgot} of={{ email: email.peek(), onBack: back }} />;
  }
  return <Password onStep={setStep} />;
}

function Password({ onStep }: { readonly onStep: (step: Step) => void }) {
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(refusedElsewhere);
  const ways = useWays();
  const password = useRef<HTMLInputElement>(null);
  const submit = async () => {
    setBusy(true);
    setRefusal(null);
    const outcome = await tryLogIn(email.peek(), password.current?.value ?? "");
    setBusy(false);
    if (outcome === NEEDS_CODE) {
      onStep("code");
      return;
    }
    setRefusal(outcome);
    if (outcome !== null) askAgain(password.current);
  };
  return (
    <Card
      title={words.login.title}
      refusal={refusal}
      action={busy ? words.login.busy : words.login.submit}
      busy={busy}
      onSubmit={() => void submit()}
      after={
        <Others
          ways={ways}
          onForgot={() => {
            onStep("forgot");
          }}
        />
      }
    >
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
      <SecretField label={words.login.password} field={password} refused={refusal !== null} />
    </Card>
  );
}

/** The ways in beside a password. */
function Others({ ways, onForgot }: { readonly ways: WaysIn | null; readonly onForgot: () => void }) {
  const provider = ways?.single_sign_on ?? null;
  return (
    <>
      {provider !== null && (
        <a class="button" href={SIGN_IN}>
          {words.login.signInWith(provider)}
        </a>
      )}
      {ways?.password_reset === true ? (
        <button type="button" class="login-link" onClick={onForgot}>
          {words.login.forgot}
        </button>
      ) : (
        <p class="login-hint">{words.login.hint}</p>
      )}
    </>
  );
}

function useWays(): WaysIn | null {
  const [ways, setWays] = useState<WaysIn | null>(null);
  useEffect(() => {
    waysIn().then(setWays, (error: unknown) => {
      if (!(error instanceof ApiError)) throw error; // without an answer there is the password
    });
  }, []);
  return ways;
}

/** Log in and open the inbox; otherwise why not, in words, or that a code is needed too. */
async function tryLogIn(address: string, secret: string): Promise<string | null> {
  try {
    await logIn(address, secret);
  } catch (error) {
    return error instanceof ApiError && error.code === NEEDS_CODE ? NEEDS_CODE : reasonFor(error);
  }
  await boot();
  return null;
}

function refusedElsewhere(): string | null {
  const code = arrival.get("refused");
  if (code === null) return null;
  return words.login.refused[code] ?? words.login.refused["refused"] ?? null;
}
