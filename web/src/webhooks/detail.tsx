/** One webhook: what became of each of its items and why, its headers and its body, and reading it again. */

import { Check, Copy, RotateCcw, WifiOff } from "lucide";
import { useEffect, useState } from "preact/hooks";
import { ApiError, get, send } from "../api";
import { may } from "../permissions";
import { Badge } from "../settings/badge";
import { providerTitle } from "../settings/connections";
import { Screen } from "../settings/screen";
import { Icon } from "../ui/icon";
import { Notice } from "../ui/notice";
import { fileSize } from "../ui/size";
import { exact } from "../ui/time";
import { words } from "../words";
import { asCurl, rawText, readBody } from "./body";
import { put } from "./ledger";
import { countsInWords } from "./page";
import type { Item, Webhook, WebhookInFull } from "./types";

const SHOWN_MS = 1500;

export function Detail({ id }: { readonly id: string }) {
  const [found, setFound] = useState<WebhookInFull | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const load = async () => {
    setFailure(null);
    try {
      setFound(await get<WebhookInFull>(`/webhooks/${encodeURIComponent(id)}`));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setFailure(error.status === 404 ? words.webhooks.gone : words.webhooks.error);
    }
  };
  useEffect(() => {
    void load();
    // eslint-disable-next-line react-hooks/exhaustive-deps -- a component for each id
  }, []);
  const back = { place: "", label: words.webhooks.back };
  if (found === null) {
    return (
      <Screen title={words.webhooks.one} back={back} wide>
        {failure !== null && <Notice icon={WifiOff} title={failure} alert />}
      </Screen>
    );
  }
  return (
    <Screen
      title={`${providerTitle(found.provider)}, ${exact(found.received_at)}`}
      lead={`${countsInWords(found)} · ${fileSize(found.body_size)}`}
      back={back}
      action={may("webhooks.replay") && <Replay of={found} onDone={() => void load()} />}
      wide
    >
      <div class="webhook">
        <section>
          <h2>{words.webhooks.became}</h2>
          <Outcome of={found} />
          <h2>{words.webhooks.headers}</h2>
          <dl class="webhook-headers">
            {Object.entries(found.headers).map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </section>
        <BodyOf of={found} />
      </div>
    </Screen>
  );
}

function Outcome({ of }: { readonly of: WebhookInFull }) {
  return (
    <>
      <p class="webhook-state">
        <Badge kind={of.state}>{words.webhooks.states[of.state]}</Badge> {words.webhooks.why[of.state]}
      </p>
      {of.report_only && <p class="webhook-note">{words.webhooks.unsignedWhy}</p>}
      {of.error !== null && (
        <p class="webhook-note">
          <code>{of.error.code}</code> {of.error.detail}
        </p>
      )}
      {of.items.length > 0 && (
        <ul class="webhook-items">
          {of.items.map((item, index) => (
            <ItemLine key={index} of={item} />
          ))}
        </ul>
      )}
    </>
  );
}

function ItemLine({ of }: { readonly of: Item }) {
  return (
    <li>
      <Badge kind={of.state}>{words.webhooks.states[of.state]}</Badge>
      <div>
        <p>
          {words.webhooks.reasons[of.reason] ?? of.reason} <code>{of.reason}</code>
        </p>
        {of.detail !== null && <p class="soft">{of.detail}</p>}
        {of.external_id !== null && <p class="soft">{words.webhooks.externalId(of.external_id)}</p>}
      </div>
    </li>
  );
}

function BodyOf({ of }: { readonly of: WebhookInFull }) {
  const body = readBody(of.body_base64, of.headers["content-type"] ?? "");
  const raw = rawText(of.body_base64);
  return (
    <section class="webhook-body">
      <header>
        <h2>{words.webhooks.body[body.kind]}</h2>
        <CopyText text={raw} name={words.webhooks.copyBody} />
        <CopyText text={asCurl(of, raw, location.origin)} name={words.webhooks.copyCurl} />
      </header>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by key */}
      <pre tabIndex={0} aria-label={words.webhooks.body[body.kind]}>
        {body.kind === "binary" ? words.webhooks.noText : body.text}
      </pre>
    </section>
  );
}

function CopyText({ text, name }: { readonly text: string; readonly name: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => {
      setCopied(false);
    }, SHOWN_MS);
  };
  return (
    <button type="button" class="button" onClick={() => void copy()}>
      <Icon of={copied ? Check : Copy} size={14} />
      {copied ? words.customer.copied : name}
    </button>
  );
}

interface ReplayProps {
  readonly of: Webhook;
  readonly onDone: () => void;
}

function Replay({ of, onDone }: ReplayProps) {
  const [busy, setBusy] = useState(false);
  const [result, setResult] = useState<string | null>(null);
  const replay = async () => {
    setBusy(true);
    setResult(null);
    try {
      const response = await send(`/webhooks/${of.id}/replay`, { method: "POST" });
      const now = (await response.json()) as Webhook;
      put(now);
      setResult(words.webhooks.replayed(words.webhooks.states[now.state], countsInWords(now)));
      onDone();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setResult(error.status === 404 ? words.webhooks.noConnection : error.message);
    }
    setBusy(false);
  };
  return (
    <div class="webhook-replay">
      <button type="button" class="button primary" disabled={busy} onClick={() => void replay()}>
        <Icon of={RotateCcw} />
        {busy ? words.webhooks.replaying : words.webhooks.replay}
      </button>
      <p role="status">{result}</p>
    </div>
  );
}
