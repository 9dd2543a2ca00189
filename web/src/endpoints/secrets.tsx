/** The signing secrets of an endpoint: since when, until when, and a new one. */

import { KeyRound } from "lucide";
import { useState } from "preact/hooks";
import type { Endpoint } from "../model/endpoint";
import { may } from "../permissions";
import { CopyButton } from "../settings/copy";
import { refusedBecause } from "../settings/loaded";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icon";
import { Tick } from "../ui/tick";
import { ago, dateAndTime, now } from "../ui/time";
import { words } from "../words";
import { rotateSecret, type Rotated } from "./calls";
import { keepEndpoint } from "./known";
import { length } from "./schedule";
import { SecretDialog } from "./secret";
import { Watched } from "./watched";

const OVERLAPS = [0, 3600, 86_400, 259_200, 604_800] as const;
const USUAL = 86_400;

export function Secrets({ of }: { readonly of: Endpoint }) {
  const [rotating, setRotating] = useState(false);
  const [rotated, setRotated] = useState<Rotated | null>(null);
  const present = new Date(now.value).toISOString();
  const used = of.secrets.filter((one) => one.expires_at === null || one.expires_at > present);
  return (
    <section class="section" aria-labelledby="secrets">
      <h2 id="secrets">{words.endpoints.secrets}</h2>
      <ul class="secret-list">
        {used.map((one) => (
          <li key={one.id}>
            <Icon of={KeyRound} />
            <span>
              {one.expires_at === null
                ? words.endpoints.secretStays
                : words.endpoints.secretUntil(dateAndTime(one.expires_at))}
            </span>
            <span class="soft">{words.endpoints.secretMade(ago(one.created_at, now.value))}</span>
          </li>
        ))}
      </ul>
      {of.public_key !== null && (
        <div>
          <p class="soft">{words.endpoints.publicKey}</p>
          <span class="code-line">
            <code>{of.public_key}</code>
            <CopyButton text={of.public_key} what={words.endpoints.publicKeyCopied} />
          </span>
        </div>
      )}
      {may("endpoints.write") && (
        <button
          type="button"
          class="button"
          onClick={() => {
            setRotating(true);
          }}
        >
          {words.endpoints.rotate}
        </button>
      )}
      {rotating && (
        <RotateDialog
          of={of}
          onClose={() => {
            setRotating(false);
          }}
          onDone={(result) => {
            setRotating(false);
            setRotated(result);
          }}
        />
      )}
      {rotated !== null && (
        <SecretDialog
          secret={rotated.secret}
          onClose={() => {
            setRotated(null);
          }}
        >
          {rotated.probe !== null && (
            <div>
              <h3>{words.endpoints.pingTitle}</h3>
              <Watched key={rotated.probe.id} id={rotated.probe.id} />
            </div>
          )}
        </SecretDialog>
      )}
    </section>
  );
}

interface RotateProps {
  readonly of: Endpoint;
  readonly onClose: () => void;
  readonly onDone: (result: Rotated) => void;
}

function RotateDialog({ of, onClose, onDone }: RotateProps) {
  const [overlap, setOverlap] = useState<number>(USUAL);
  const [own, setOwn] = useState("");
  const [probe, setProbe] = useState(true);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const rotate = async () => {
    setBusy(true);
    setRefusal(null);
    try {
      const secret = own.trim() === "" ? {} : { secret: own.trim() };
      const result = await rotateSecret(of.id, { overlap_seconds: overlap, probe, ...secret });
      const { secret: told, probe: sent, ...endpoint } = result;
      keepEndpoint(endpoint);
      onDone({ ...endpoint, secret: told, probe: sent });
    } catch (error) {
      setRefusal(refusedBecause(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={words.endpoints.rotateTitle} onClose={onClose}>
      <form
        class="dialog-text dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          void rotate();
        }}
      >
        <p>{words.endpoints.rotateWhy}</p>
        <label class="field">
          <span>{words.endpoints.overlap}</span>
          <select
            value={overlap}
            onChange={(event) => {
              setOverlap(Number(event.currentTarget.value));
            }}
          >
            {OVERLAPS.map((one) => (
              <option key={one} value={one}>
                {one === 0 ? words.endpoints.overlapNone : length(one)}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          <span>{words.endpoints.ownSecret}</span>
          <input
            value={own}
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => {
              setOwn(event.currentTarget.value);
            }}
          />
          <span class="soft">{words.endpoints.ownSecretNote}</span>
        </label>
        <Tick checked={probe} onChange={setProbe}>
          {words.endpoints.probe}
        </Tick>
        {refusal !== null && (
          <p class="form-refusal" role="alert">
            {refusal}
          </p>
        )}
        <div class="actions">
          <button type="submit" class="button primary" disabled={busy}>
            {busy ? words.endpoints.rotating : words.endpoints.rotateDo}
          </button>
          <button type="button" class="button" onClick={onClose}>
            {words.endpoints.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
