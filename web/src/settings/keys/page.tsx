/** Settings → API keys. */

import { KeyRound, Plus } from "lucide";
import { useState } from "preact/hooks";
import { Dialog } from "../../ui/dialog";
import { Icon } from "../../ui/icon";
import { Notice } from "../../ui/notice";
import { ago, now } from "../../ui/time";
import { words } from "../../words";
import { memberName } from "../../workspace";
import { CopyButton } from "../copy";
import { refusedBecause, useLoaded, Waiting } from "../loaded";
import { Screen } from "../screen";
import { listKeys, revokeKey, type ApiKey, type NewApiKey } from "./calls";
import { CreateKey } from "./create";
import "../dialogs.css";
import "./keys.css";

export default function Keys() {
  const loaded = useLoaded(listKeys);
  const [creating, setCreating] = useState(false);
  const [made, setMade] = useState<NewApiKey | null>(null);
  const action = (
    <button
      type="button"
      class="button primary"
      onClick={() => {
        setCreating(true);
      }}
    >
      <Icon of={Plus} />
      {words.keys.create}
    </button>
  );
  return (
    <Screen title={words.keys.title} lead={words.keys.lead} action={action}>
      {loaded.value === null ? (
        <Waiting of={loaded} loading={words.keys.loading} error={words.keys.error} />
      ) : loaded.value.length === 0 ? (
        <Notice icon={KeyRound} title={words.keys.none}>
          <p>{words.keys.noneWhy}</p>
        </Notice>
      ) : (
        <ul class="cards">
          {loaded.value.map((one) => (
            <li key={one.id}>
              <Row of={one} onRevoked={loaded.again} />
            </li>
          ))}
        </ul>
      )}
      {creating && (
        <CreateKey
          onClose={() => {
            setCreating(false);
          }}
          onMade={(key) => {
            setCreating(false);
            setMade(key);
            loaded.again();
          }}
        />
      )}
      {made !== null && (
        <Shown
          of={made}
          onClose={() => {
            setMade(null);
          }}
        />
      )}
    </Screen>
  );
}

function Row({ of, onRevoked }: { readonly of: ApiKey; readonly onRevoked: () => void }) {
  const [asking, setAsking] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const close = () => {
    setAsking(false);
  };
  const revoke = async () => {
    try {
      await revokeKey(of.id);
      close();
      onRevoked();
    } catch (error) {
      setRefusal(refusedBecause(error));
    }
  };
  const age = ago(of.created_at, now.value);
  const made =
    of.created_by === null ? words.keys.made(age) : words.keys.madeBy(memberName(of.created_by), age);
  return (
    <article class="card key-card">
      <span class="card-name">
        <strong>{of.name}</strong>
        <code>{`pgk_${of.prefix}…`}</code>
      </span>
      <span class="card-address key-scopes">
        {of.scopes.length === 0
          ? words.keys.all
          : of.scopes.map((one) => words.keys.permissions[one] ?? one).join(" · ")}
      </span>
      <span class="soft">
        {of.last_used_at === null ? words.keys.never : words.keys.lastUsed(ago(of.last_used_at, now.value))}
        {` · ${made}`}
      </span>
      <button
        type="button"
        class="button key-revoke"
        aria-label={words.keys.revokeOf(of.name)}
        onClick={() => {
          setAsking(true);
        }}
      >
        {words.keys.revoke}
      </button>
      {asking && (
        <Dialog title={words.keys.confirm(of.name)} onClose={close}>
          <div class="dialog-text">
            <p>{words.keys.confirmWhy}</p>
            {refusal !== null && (
              <p class="form-refusal" role="alert">
                {refusal}
              </p>
            )}
            <div class="actions">
              <button type="button" class="button danger" onClick={() => void revoke()}>
                {words.keys.revoke}
              </button>
              <button type="button" class="button" onClick={close}>
                {words.keys.cancel}
              </button>
            </div>
          </div>
        </Dialog>
      )}
    </article>
  );
}

function Shown({ of, onClose }: { readonly of: NewApiKey; readonly onClose: () => void }) {
  return (
    <Dialog title={words.keys.shownTitle} onClose={onClose}>
      <div class="dialog-text dialog-form">
        <p>{words.keys.shownWhy}</p>
        <span class="code-line">
          <code>{of.key}</code>
          <CopyButton text={of.key} what={words.keys.key} />
        </span>
        <div class="actions">
          <button type="button" class="button primary" onClick={onClose}>
            {words.keys.done}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
