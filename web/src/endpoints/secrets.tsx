/** The signing secrets of an endpoint: since when, until when, and a new one. */

import { KeyRound } from "lucide";
import { useState } from "preact/hooks";
import type { Endpoint } from "../model/endpoint";
import { may } from "../permissions";
import { CopyButton } from "../settings/copy";
import { Icon } from "../ui/icon";
import { ago, dateAndTime, now } from "../ui/time";
import { words } from "../words";
import type { Rotated } from "./calls";
import { RotateDialog } from "./rotate";
import { SecretDialog } from "./secret";
import { Watched } from "./watched";

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
