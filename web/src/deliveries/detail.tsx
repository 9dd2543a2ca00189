/** One delivery: what it is, how it stands and why, and every attempt. */

import { RotateCcw, WifiOff } from "lucide";
import { useState } from "preact/hooks";
import { ApiError } from "../api";
import { askWhy, type Why } from "../endpoints/calls";
import { Fact } from "../endpoints/health";
import { endpointName, endpointOf } from "../endpoints/known";
import { Answer } from "../endpoints/why";
import type { Attempt, Delivery, DeliveryInFull } from "../model/endpoint";
import { may } from "../permissions";
import { go, query, write } from "../route";
import { refusedBecause } from "../settings/loaded";
import { Screen } from "../settings/screen";
import { Icon } from "../ui/icon";
import { Link } from "../ui/link";
import { Notice } from "../ui/notice";
import { usePoll } from "../ui/poll";
import { exact } from "../ui/time";
import { words } from "../words";
import { AttemptView } from "./attempt";
import { listAttempts, readDelivery, redeliver } from "./calls";
import { put } from "./ledger";
import { StatusBadge } from "./status";
import { inShort } from "./words";

const LOOK_EVERY_MS = 2000;

export function Detail({ id }: { readonly id: string }) {
  const [found, setFound] = useState<DeliveryInFull | null>(null);
  const [attempts, setAttempts] = useState<readonly Attempt[]>([]);
  const [failure, setFailure] = useState<string | null>(null);
  const look = async () => {
    try {
      const [delivery, made] = await Promise.all([readDelivery(id), listAttempts(id)]);
      setFound(delivery);
      setAttempts(made);
      setFailure(null);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setFailure(error.status === 404 ? words.deliveries.gone : words.deliveries.error);
    }
  };
  // What is done stays as it is, until somebody sends it again.
  usePoll(look, LOOK_EVERY_MS, found === null ? failure !== words.deliveries.gone : isOpen(found));
  const back = { place: "", label: words.deliveries.back, query: query.value.toString() };
  if (found === null) {
    return (
      <Screen title={words.deliveries.one} back={back} wide>
        {failure !== null && <Notice icon={WifiOff} title={failure} alert />}
      </Screen>
    );
  }
  return (
    <Screen
      title={found.event_type}
      lead={exact(found.created_at)}
      back={back}
      action={may("webhooks.replay") && <Redeliver of={found} onSent={() => void look()} />}
      wide
    >
      <p class="delivery-state">
        <StatusBadge of={found} /> {inShort(found)}
      </p>
      <div class="delivery">
        <section aria-labelledby="facts">
          <h2 id="facts">{words.deliveries.facts}</h2>
          <Facts of={found} />
          {found.kind === "event" && <WhyLikeThis of={found} />}
        </section>
        <section aria-labelledby="attempts">
          <h2 id="attempts">{words.deliveries.attempts}</h2>
          {attempts.length === 0 && <p class="soft">{words.deliveries.noAttempts}</p>}
          <ol class="attempts">
            {attempts.map((one, index) => (
              <li key={one.number}>
                <AttemptView of={one} event={found.event} open={index === 0} />
              </li>
            ))}
          </ol>
        </section>
      </div>
    </Screen>
  );
}

function isOpen(of: Delivery): boolean {
  return of.next_attempt_at !== null;
}

function Facts({ of }: { readonly of: DeliveryInFull }) {
  const endpoint = endpointOf(of.endpoint_id);
  const to = {
    page: "settings",
    conversation: null,
    view: "open",
    area: "endpoints",
    place: of.endpoint_id,
  } as const;
  return (
    <dl class="facts">
      <Fact name={words.deliveries.endpoint}>
        <Link
          class="link"
          href={write(to)}
          onGo={() => {
            go(to);
          }}
        >
          {endpoint === null ? of.endpoint_id : endpointName(endpoint)}
        </Link>
      </Fact>
      <Fact name={words.deliveries.event}>
        <code>{of.event_id}</code>{" "}
        <span class="soft">
          {of.seq === null ? words.deliveries.testEvent : words.deliveries.seq(of.seq)}
        </span>
      </Fact>
      {of.conversation_id !== null && (
        <Fact name={words.deliveries.conversation}>
          <Conversation id={of.conversation_id} />
          {of.conversation_sequence !== null && (
            <span class="soft"> {words.deliveries.place(of.conversation_sequence)}</span>
          )}
        </Fact>
      )}
    </dl>
  );
}

function Conversation({ id }: { readonly id: string }) {
  const to = { page: "inbox", conversation: id, view: "all" } as const;
  return (
    <Link
      class="link"
      href={write(to)}
      onGo={() => {
        go(to);
      }}
    >
      <code>{id}</code>
    </Link>
  );
}

function WhyLikeThis({ of }: { readonly of: Delivery }) {
  const [found, setFound] = useState<Why | null>(null);
  const [refusal, setRefusal] = useState<string | null>(null);
  const ask = async () => {
    setRefusal(null);
    try {
      setFound(await askWhy(of.endpoint_id, of.event_id));
    } catch (error) {
      setRefusal(refusedBecause(error));
    }
  };
  return (
    <div class="delivery-why">
      <button type="button" class="button" onClick={() => void ask()}>
        {words.deliveries.why}
      </button>
      <div role="status">
        {refusal !== null && <p class="form-refusal">{refusal}</p>}
        {found !== null && <Answer of={{ ...found, delivery: null }} />}
      </div>
    </div>
  );
}

interface RedeliverProps {
  readonly of: Delivery;
  readonly onSent: () => void;
}

function Redeliver({ of, onSent }: RedeliverProps) {
  const [busy, setBusy] = useState(false);
  const [result, setResult] = useState<string | null>(null);
  const again = async () => {
    setBusy(true);
    setResult(null);
    try {
      put(await redeliver(of.id));
      setResult(words.deliveries.redelivered);
      onSent();
    } catch (error) {
      setResult(refusedBecause(error));
    }
    setBusy(false);
  };
  return (
    <div class="webhook-replay">
      <button type="button" class="button primary" disabled={busy} onClick={() => void again()}>
        <Icon of={RotateCcw} />
        {busy ? words.deliveries.redelivering : words.deliveries.redeliver}
      </button>
      <p role="status">{result}</p>
    </div>
  );
}
