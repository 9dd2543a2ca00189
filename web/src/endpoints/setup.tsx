/** How an endpoint is set up, in words. */

import type { Endpoint } from "../model/endpoint";
import { CopyButton } from "../settings/copy";
import { number } from "../ui/number";
import { words } from "../words";
import { channels, label } from "../workspace";
import { Fact } from "./health";
import { inWords, length } from "./schedule";

export function SetUp({ of }: { readonly of: Endpoint }) {
  const rate =
    of.per_second === null
      ? words.endpoints.noRate
      : words.endpoints.rate(number(of.per_second, of.per_second % 1 === 0 ? 0 : 1));
  return (
    <section class="section" aria-labelledby="set-up">
      <h2 id="set-up">{words.endpoints.setUp}</h2>
      <dl class="facts">
        <Fact name={words.endpoints.url}>
          <span class="code-line">
            <code>{of.url}</code>
            <CopyButton text={of.url} what={words.endpoints.url} />
          </span>
        </Fact>
        <Fact name={words.endpoints.gets}>
          {of.event_types.includes("*") ? words.endpoints.everyEvent : <Codes of={of.event_types} />}
        </Fact>
        {of.channel_ids !== null && (
          <Fact name={words.endpoints.onlyChannels}>{of.channel_ids.map(channelName).join(", ")}</Fact>
        )}
        {of.label_ids !== null && (
          <Fact name={words.endpoints.onlyLabels}>
            {of.label_ids.map((id) => label(id)?.name ?? id).join(", ")}
          </Fact>
        )}
        <Fact name={words.endpoints.ordering}>{words.endpoints.orderings[of.ordering]}</Fact>
        <Fact name={words.endpoints.maskPii}>{words.endpoints.maskPiis[of.mask_pii]}</Fact>
        <Fact name={words.endpoints.retries}>{inWords(of.retry_seconds)}</Fact>
        <Fact name={words.endpoints.limits}>
          {words.endpoints.limitsAre(length(of.timeout_ms / 1000), of.max_in_flight, rate)}
        </Fact>
        <Fact name={words.endpoints.auth}>{words.endpoints.authTypes[of.auth.type]}</Fact>
        {of.schemes.length > 0 && (
          <Fact name={words.endpoints.signed}>
            {of.schemes.map((one) => words.endpoints.schemes[one]).join("; ")}
          </Fact>
        )}
        {Object.keys(of.headers).length > 0 && (
          <Fact name={words.endpoints.customHeaders}>
            <Codes of={Object.entries(of.headers).map(([name, value]) => `${name}: ${value}`)} />
          </Fact>
        )}
      </dl>
      <p class="soft">{words.endpoints.since(of.since_seq)}</p>
    </section>
  );
}

function Codes({ of }: { readonly of: readonly string[] }) {
  return (
    <span class="codes">
      {of.map((one) => (
        <code key={one}>{one}</code>
      ))}
    </span>
  );
}

function channelName(id: string): string {
  const found = channels.value.find((one) => one.id === id);
  return found === undefined ? id : found.name || found.address;
}
