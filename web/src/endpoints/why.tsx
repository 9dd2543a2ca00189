/** Asking why an endpoint did not get an event. */

import { useId, useState } from "preact/hooks";
import type { Endpoint } from "../model/endpoint";
import { go, write } from "../route";
import { Badge } from "../settings/badge";
import { refusedBecause } from "../settings/loaded";
import { Link } from "../ui/link";
import { exact } from "../ui/time";
import { words } from "../words";
import { askWhy, type Why } from "./calls";

/** An id, or a number in the log. */
const EVENT = /^(?:evt_[0-9a-f]{32}|\d{1,15})$/u;
const MOMENT = /\d{4}-\d\d-\d\dT[\d:.]+Z/gu;

const KINDS: Readonly<Record<Why["verdict"], string>> = {
  delivered: "active",
  waiting: "waiting",
  held: "waiting",
  failed: "error",
  not_matched: "off",
  before_endpoint: "off",
  not_dispatched_yet: "waiting",
  no_such_event: "off",
};

export function WhyNot({ of }: { readonly of: Endpoint }) {
  const field = useId();
  const [event, setEvent] = useState("");
  const [found, setFound] = useState<Why | null>(null);
  const [refusal, setRefusal] = useState<string | null>(null);
  const ask = async () => {
    setFound(null);
    setRefusal(null);
    const asked = event.trim();
    if (!EVENT.test(asked)) {
      setRefusal(words.endpoints.whyWrong);
      return;
    }
    try {
      setFound(await askWhy(of.id, asked));
    } catch (error) {
      setRefusal(refusedBecause(error));
    }
  };
  return (
    <section class="section" aria-labelledby="why-not">
      <h2 id="why-not">{words.endpoints.why}</h2>
      <div>
        <form
          class="why-form"
          onSubmit={(submitted) => {
            submitted.preventDefault();
            void ask();
          }}
        >
          <div class="field">
            <label for={field}>{words.endpoints.whyEvent}</label>
            <input
              id={field}
              value={event}
              autocomplete="off"
              spellcheck={false}
              placeholder="evt_…"
              aria-describedby={`${field}-note`}
              required
              onInput={(typed) => {
                setEvent(typed.currentTarget.value);
              }}
            />
            <p class="field-note" id={`${field}-note`}>
              {words.endpoints.whyLead}
            </p>
          </div>
          <button type="submit" class="button">
            {words.endpoints.whyDo}
          </button>
        </form>
        <div role="status">
          {refusal !== null && <p class="form-refusal">{refusal}</p>}
          {found !== null && <Answer of={found} />}
        </div>
      </div>
    </section>
  );
}

/** What became of an event at an endpoint, and the next step. */
export function Answer({ of }: { readonly of: Why }) {
  const to = {
    page: "settings",
    conversation: null,
    view: "open",
    area: "deliveries",
    place: of.delivery?.id ?? "",
  } as const;
  return (
    <div class="why-answer">
      <Badge kind={KINDS[of.verdict]}>{words.endpoints.verdicts[of.verdict] ?? of.verdict}</Badge>
      <p>{readable(of.reason)}</p>
      <p class="soft">{readable(of.next_step)}</p>
      {of.delivery !== null && (
        <Link
          class="link"
          href={write(to)}
          onGo={() => {
            go(to);
          }}
        >
          {words.endpoints.whyDelivery}
        </Link>
      )}
    </div>
  );
}

/** A sentence of the gateway's with its moments written as the page writes them. */
function readable(sentence: string): string {
  return sentence.replaceAll(MOMENT, (moment) => exact(moment));
}
