/** Accepting an invitation: with a new account, or with the one that the address has. */

import { useRef, useState } from "preact/hooks";
import { ApiError } from "../api";
import { go } from "../route";
import { boot } from "../shell/boot";
import { Lazy } from "../ui/lazy";
import { words } from "../words";
import { join, lookAtInvitation, SIGN_IN, type OpenInvitation } from "./calls";
import { askAgain, Card, reasonFor, SecretField } from "./card";
import { tokenInLink, useLook } from "./link";

const loadCode = () => import("./code");

export default function Join() {
  const { found, dead } = useLook(lookAtInvitation);
  const [needsCode, setNeedsCode] = useState(false);
  if (needsCode) return <Lazy load={loadCode} of={{ onBack: toLogin }} />;
  if (dead !== null) {
    return (
      <Card
        title={words.login.joinDead}
        refusal={dead}
        after={
          <button type="button" class="login-link" onClick={toLogin}>
            {words.login.toLogin}
          </button>
        }
      />
    );
  }
  if (found === null) return <Card title={words.login.joinLooking} />;
  if (found.account === "single_sign_on") {
    return (
      <Card
        title={words.login.joinTitle(found.tenant)}
        lead={words.login.joinBySignIn(found.email)}
        after={
          <a class="button primary" href={SIGN_IN}>
            {words.login.signIn}
          </a>
        }
      />
    );
  }
  return (
    <JoinForm
      of={found}
      onCode={() => {
        setNeedsCode(true);
      }}
    />
  );
}

function JoinForm({ of, onCode }: { readonly of: OpenInvitation; readonly onCode: () => void }) {
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const name = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);
  const isNew = of.account === "new";
  const submit = async () => {
    setBusy(true);
    setRefusal(null);
    try {
      await join(
        tokenInLink,
        isNew ? (name.current?.value.trim() ?? "") : null,
        password.current?.value ?? "",
      );
    } catch (error) {
      setBusy(false);
      if (error instanceof ApiError && error.code === "second_factor_required") {
        onCode();
        return;
      }
      setRefusal(reasonFor(error));
      askAgain(password.current);
      return;
    }
    go({ page: "inbox" }, "replace");
    await boot();
  };
  return (
    <Card
      title={words.login.joinTitle(of.tenant)}
      lead={words.login.joinLead(of.invited_by, words.people.roles[of.role] ?? of.role)}
      refusal={refusal}
      action={busy ? words.login.joining : words.login.join}
      busy={busy}
      onSubmit={() => void submit()}
    >
      <p class="login-hint">{isNew ? words.login.joinNew(of.email) : words.login.joinKnown(of.email)}</p>
      <input type="hidden" name="username" autocomplete="username" value={of.email} />
      {isNew && (
        <label class="field">
          <span>{words.login.name}</span>
          <input ref={name} name="name" autocomplete="name" required maxLength={120} pattern=".*\S.*" />
        </label>
      )}
      <SecretField
        label={isNew ? words.login.newPassword : words.login.password}
        field={password}
        fresh={isNew}
        refused={refusal !== null}
        {...(isNew ? { note: words.login.passwordRule } : {})}
      />
    </Card>
  );
}

function toLogin(): void {
  go({ page: "login" }, "replace");
}
