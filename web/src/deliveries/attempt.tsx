/** One attempt: what was sent and what was answered side by side, and where the time went. */

import { Check, Copy } from "lucide";
import { useState } from "preact/hooks";
import { inTime } from "../endpoints/latency";
import type { Attempt } from "../model/endpoint";
import { Badge } from "../settings/badge";
import { Icon } from "../ui/icon";
import { dateAndTime, exact, now } from "../ui/time";
import { words } from "../words";
import { asCurl } from "../webhooks/body";
import { pretty } from "./pretty";
import { partsOf } from "./timing";
import { attemptInShort } from "./words";
import "../endpoints/plot.css";

const SHOWN_MS = 1500;
/** So many bytes of an answer are kept. */
const KEPT = 4096;

interface AttemptProps {
  readonly of: Attempt;
  /** What was sent: the same at every attempt. */
  readonly event: unknown;
  readonly open: boolean;
}

export function AttemptView({ of, event, open }: AttemptProps) {
  const good = of.outcome === "success";
  return (
    <details class="attempt" open={open}>
      <summary>
        <Badge kind={good ? "active" : "error"}>{words.deliveries.attempt(of.number)}</Badge>
        <span>{attemptInShort(of)}</span>
        <span class="soft numbers">{inTime(of.total_ms)}</span>
        <time class="soft numbers" dateTime={of.started_at}>
          {exact(of.started_at)}
        </time>
      </summary>
      {of.error !== null && of.error_kind !== "status" && <p class="attempt-error">{of.error}</p>}
      <Timing of={of} />
      <p class="soft attempt-connection">
        {of.address !== null && <span>{words.deliveries.dialled(of.address)}</span>}
        {of.tls_version !== null && <span>{certificate(of)}</span>}
      </p>
      <div class="exchange">
        <Request of={of} event={event} />
        <Response of={of} />
      </div>
    </details>
  );
}

function certificate({ tls_version, tls_expires_at }: Attempt): string {
  if (tls_expires_at === null) return tls_version ?? "";
  const expired = Date.parse(tls_expires_at) < now.value;
  const say = expired ? words.deliveries.tlsExpired : words.deliveries.tls;
  return say(tls_version ?? "", dateAndTime(tls_expires_at));
}

function Timing({ of }: { readonly of: Attempt }) {
  const parts = partsOf(of);
  if (parts.length === 0) return null;
  return (
    <figure class="timing">
      <figcaption class="unseen">{words.deliveries.timing}</figcaption>
      <div class="timing-bar" aria-hidden>
        {parts.map((part) => (
          <span
            key={part.name}
            class={part.name}
            style={{ flexGrow: Math.max(part.ms, of.total_ms / 200) }}
          />
        ))}
      </div>
      <ul class="legend numbers">
        {parts.map((part) => (
          <li key={part.name} class={`key ${part.name}`}>
            {`${words.deliveries.parts[part.name]} ${inTime(part.ms)}`}
          </li>
        ))}
        <li>{words.deliveries.ofTotal(inTime(of.total_ms))}</li>
      </ul>
    </figure>
  );
}

function Request({ of, event }: { readonly of: Attempt; readonly event: unknown }) {
  const body = event === null ? null : JSON.stringify(event);
  const { url, headers } = of.request;
  return (
    <section>
      <header>
        <h3>{words.deliveries.request}</h3>
        {body !== null && (
          <>
            <CopyText text={body} name={words.deliveries.copyBody} />
            <CopyText
              text={asCurl({ method: "POST", path: "", headers }, body, url)}
              name={words.deliveries.copyCurl}
            />
          </>
        )}
      </header>
      <p class="request-line">
        <code>{`POST ${url}`}</code>
      </p>
      <Headers of={headers} />
      {body === null ? (
        <p class="soft">{words.deliveries.bodyGone}</p>
      ) : (
        <Body text={pretty(body)} name={words.deliveries.request} />
      )}
    </section>
  );
}

function Response({ of }: { readonly of: Attempt }) {
  const answer = of.response;
  return (
    <section>
      <header>
        <h3>{words.deliveries.response}</h3>
      </header>
      {answer === null ? (
        <p class="soft">{words.deliveries.notAnswered}</p>
      ) : (
        <>
          <p class="request-line">
            <code>{answer.status}</code>
          </p>
          <Headers of={answer.headers ?? {}} />
          {answer.body ? (
            <>
              <Body text={pretty(answer.body)} name={words.deliveries.response} />
              {isCut(answer.body) && <p class="soft">{words.deliveries.bodyBeginning}</p>}
            </>
          ) : (
            <p class="soft">{words.deliveries.noBody}</p>
          )}
        </>
      )}
    </section>
  );
}

function isCut(body: string): boolean {
  return new TextEncoder().encode(body).length >= KEPT;
}

function Headers({ of }: { readonly of: Readonly<Record<string, string>> }) {
  const all = Object.entries(of);
  if (all.length === 0) return null;
  return (
    <dl class="webhook-headers" aria-label={words.deliveries.headers}>
      {all.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Body({ text, name }: { readonly text: string; readonly name: string }) {
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by key
    <pre class="code-block" tabIndex={0} aria-label={`${name}: ${words.deliveries.body}`}>
      {text}
    </pre>
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
