/** A delivery that was just begun, watched until something has come of it. */

import { useState } from "preact/hooks";
import { ApiError } from "../api";
import { listAttempts, readDelivery } from "../deliveries/calls";
import type { Attempt, Delivery } from "../model/endpoint";
import { go, write } from "../route";
import { refusedBecause } from "../settings/loaded";
import { Link } from "../ui/link";
import { usePoll } from "../ui/poll";
import { dateAndTime } from "../ui/time";
import { words } from "../words";
import { inTime } from "./latency";

const LOOK_EVERY_MS = 700;

/** Give it the id as its `key`. */
export function Watched({ id }: { readonly id: string }) {
  const [delivery, setDelivery] = useState<Delivery | null>(null);
  const [last, setLast] = useState<Attempt | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const done = delivery !== null && delivery.next_attempt_at === null;
  usePoll(
    async () => {
      try {
        const now = await readDelivery(id);
        if (now.attempts > 0) setLast((await listAttempts(id))[0] ?? null);
        setDelivery(now);
        setFault(null);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        setFault(refusedBecause(error));
      }
    },
    LOOK_EVERY_MS,
    !done,
  );
  const to = { page: "settings", conversation: null, view: "open", area: "deliveries", place: id } as const;
  return (
    <div class="watched">
      <p role="status" class={outcomeClass(last)}>
        {fault ?? (last === null ? words.endpoints.pingSending : outcome(last))}
        {delivery?.status === "RETRYING" &&
          delivery.next_attempt_at !== null &&
          ` ${words.endpoints.pingAgain(dateAndTime(delivery.next_attempt_at))}`}
      </p>
      {last?.response != null && <Body of={last.response.body ?? ""} />}
      {last !== null && (
        <Link
          class="link"
          href={write(to)}
          onGo={() => {
            go(to);
          }}
        >
          {words.endpoints.pingDetails}
        </Link>
      )}
    </div>
  );
}

function Body({ of }: { readonly of: string }) {
  if (of === "") return <p class="soft">{words.endpoints.noBody}</p>;
  return (
    <>
      <h3>{words.endpoints.answered}</h3>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by key */}
      <pre class="code-block" tabIndex={0} aria-label={words.endpoints.answered}>
        {of}
      </pre>
    </>
  );
}

function outcome(last: Attempt): string {
  if (last.outcome === "success") {
    return words.endpoints.pingOk(String(last.status_code ?? ""), inTime(last.total_ms));
  }
  return last.error ?? words.deliveries.notAnswered;
}

function outcomeClass(last: Attempt | null): string {
  if (last === null) return "verdict";
  return last.outcome === "success" ? "verdict good" : "verdict bad";
}
