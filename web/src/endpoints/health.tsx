/** How an endpoint is doing: what was attempted and how long answers took, drawn and in words. */

import type { ComponentChildren } from "preact";
import { goQuery } from "../route";
import { Delayed } from "../ui/delayed";
import { number } from "../ui/number";
import { ago, clockTime, dateAndTime, duration, exact, now } from "../ui/time";
import { words } from "../words";
import type { Bucket, Health } from "./calls";
import { Bars, Lines } from "./plot";
import { inTime } from "./latency";
import { busiest, slowest, timed } from "./shape";
import { sums } from "./share";
import type { State } from "./state";
import "./plot.css";

const HOUR = 3_600_000;

export const SPANS = [1, 6, 24, 168] as const;

interface HealthProps {
  readonly of: Health | null;
  readonly unknown: boolean;
  readonly hours: number;
  readonly state: State;
}

export function HealthSection({ of, unknown, hours, state }: HealthProps) {
  return (
    <section class="section" aria-labelledby="health">
      <header class="section-head">
        <h2 id="health">{words.endpoints.health}</h2>
        <label class="span-choice">
          <span>{words.endpoints.span}</span>
          <select
            value={hours}
            onChange={(event) => {
              goQuery({ hours: event.currentTarget.value });
            }}
          >
            {SPANS.map((one) => (
              <option key={one} value={one}>
                {words.endpoints.spans[one]}
              </option>
            ))}
          </select>
        </label>
      </header>
      {of === null ? (
        <Delayed>
          <p class="soft">{unknown ? words.endpoints.healthError : words.endpoints.loading}</p>
        </Delayed>
      ) : (
        <>
          <Plots of={of} hours={hours} />
          <Facts of={of} state={state} />
        </>
      )}
    </section>
  );
}

function Plots({ of, hours }: { readonly of: Health; readonly hours: number }) {
  const all = sums(of.minutes);
  if (all.succeeded + all.failed === 0) return <p class="soft">{words.endpoints.noAttempts}</p>;
  const last = of.minutes.findLast((one) => one.p50_ms !== null);
  const places = timed(of.minutes, of.bucket_minutes, hours, now.value);
  return (
    <>
      <div class="plots">
        <figure>
          <figcaption>
            {words.endpoints.attempts}{" "}
            <span class="soft">{words.endpoints.highest(number(busiest(of.minutes)))}</span>
          </figcaption>
          <Bars of={places} label={words.endpoints.attemptsAlt(all.succeeded, all.failed)} />
          <Span hours={hours} />
          <p class="legend">
            <span class="key good">{`${words.endpoints.succeeded} ${number(all.succeeded)}`}</span>
            <span class="key bad">{`${words.endpoints.failed} ${number(all.failed)}`}</span>
          </p>
        </figure>
        {last !== undefined && (
          <figure>
            <figcaption>
              {words.endpoints.latency}{" "}
              <span class="soft">{words.endpoints.highest(inTime(slowest(of.minutes)))}</span>
            </figcaption>
            <Lines of={places} label={words.endpoints.latencyAlt(inTime(last.p50_ms), inTime(last.p95_ms))} />
            <Span hours={hours} />
            <p class="legend">
              <span class="key half">{`${words.endpoints.half} ${inTime(last.p50_ms)}`}</span>
              <span class="key most">{`${words.endpoints.most} ${inTime(last.p95_ms)}`}</span>
            </p>
          </figure>
        )}
      </div>
      <details class="plot-table">
        <summary>{words.endpoints.asTable}</summary>
        <Table of={of.minutes} />
      </details>
    </>
  );
}

/** Where the plot begins and ends. */
function Span({ hours }: { readonly hours: number }) {
  const from = new Date(now.value - hours * HOUR).toISOString();
  const until = new Date(now.value).toISOString();
  // Within less than a day the time says enough.
  const written = hours < 24 ? clockTime : dateAndTime;
  return (
    <p class="plot-span numbers">
      <span>{written(from)}</span>
      <span>{written(until)}</span>
    </p>
  );
}

function Table({ of }: { readonly of: readonly Bucket[] }) {
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by key
    <div class="table-scroll" tabIndex={0} role="region" aria-label={words.endpoints.asTable}>
      <table class="numbers">
        <thead>
          <tr>
            <th>{words.endpoints.time}</th>
            <th>{words.endpoints.succeeded}</th>
            <th>{words.endpoints.failed}</th>
            <th>{words.endpoints.half}</th>
            <th>{words.endpoints.most}</th>
          </tr>
        </thead>
        <tbody>
          {of.map((one) => (
            <tr key={one.minute}>
              <td>{dateAndTime(one.minute)}</td>
              <td>{number(one.succeeded)}</td>
              <td>{number(one.failed)}</td>
              <td>{inTime(one.p50_ms)}</td>
              <td>{inTime(one.p95_ms)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Facts({ of, state }: { readonly of: Health; readonly state: State }) {
  const age = (time: string | null) => (time === null ? words.endpoints.never : <Age of={time} />);
  return (
    <dl class="facts">
      <Fact name={words.endpoints.pending}>{number(of.pending)}</Fact>
      {of.oldest_due_at !== null && (
        <Fact name={words.endpoints.oldest}>{duration(now.value - Date.parse(of.oldest_due_at))}</Fact>
      )}
      {of.state === "backing_off" && of.backoff_until !== null && (
        <Fact name={words.endpoints.pausedUntil}>{exact(of.backoff_until)}</Fact>
      )}
      <Fact name={words.endpoints.lastSuccess}>{age(of.last_success_at)}</Fact>
      <Fact name={words.endpoints.lastFailure}>{age(of.last_failure_at)}</Fact>
      {of.failures > 0 && <Fact name={words.endpoints.inARow}>{number(of.failures)}</Fact>}
      <Fact name={words.endpoints.capNow}>{number(Math.max(1, Math.floor(of.cap)))}</Fact>
      <Fact name={words.endpoints.next}>{words.endpoints.nextSteps[state]}</Fact>
    </dl>
  );
}

function Age({ of }: { readonly of: string }) {
  return (
    <time dateTime={of} title={exact(of)}>
      {ago(of, now.value)}
    </time>
  );
}

export function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
