/** Beginning to send again what failed, or a part of the log. */

import { useState } from "preact/hooks";
import type { Endpoint } from "../model/endpoint";
import { Tick } from "../ui/tick";
import { words } from "../words";
import { channels } from "../workspace";
import { Begin } from "./begin";
import { recover, replay, type Recovery } from "./calls";
import { InputField, LinesField, SelectField } from "./field";
import { Several } from "./several";
import { localTime, rangeOf, replayOf, type Range } from "./range";
import "./form.css";

const DAY = 86_400_000;

interface DialogProps {
  readonly of: Endpoint;
  readonly onClose: () => void;
  readonly onBegun: (recovery: Recovery) => void;
}

export function RecoverDialog({ of, onClose, onBegun }: DialogProps) {
  const [since, setSince] = useState(localTime(Date.now() - DAY));
  const [until, setUntil] = useState("");
  return (
    <Begin
      title={words.deliveries.recoverTitle}
      why={words.deliveries.recoverWhy}
      begin={() => recover(of.id, rangeOf(since, until))}
      onClose={onClose}
      onBegun={onBegun}
    >
      <Times since={since} onSince={setSince} until={until} onUntil={setUntil} />
    </Begin>
  );
}

export function ReplayDialog({ of, onClose, onBegun }: DialogProps) {
  const [range, setRange] = useState<Range>({
    by: "time",
    since: localTime(Date.now() - DAY),
    until: "",
    fromSeq: "",
    toSeq: "",
    types: "",
    channelIds: [],
    missingOnly: false,
    perSecond: "",
  });
  const change = (part: Partial<Range>) => {
    setRange({ ...range, ...part });
  };
  return (
    <Begin
      title={words.deliveries.replayTitle}
      why={words.deliveries.replayWhy}
      begin={() => replay(of.id, replayOf(range))}
      onClose={onClose}
      onBegun={onBegun}
    >
      <SelectField
        label={words.deliveries.by}
        name="by"
        value={range.by}
        options={{ time: words.deliveries.byTime, seq: words.deliveries.bySeq }}
        onChange={(by) => {
          change({ by: by === "seq" ? "seq" : "time" });
        }}
      />
      {range.by === "time" ? (
        <Times
          since={range.since}
          onSince={(since) => {
            change({ since });
          }}
          until={range.until}
          onUntil={(until) => {
            change({ until });
          }}
        />
      ) : (
        <div class="two">
          <InputField
            label={words.deliveries.fromSeq}
            name="from_seq"
            numeric
            required
            value={range.fromSeq}
            onChange={(fromSeq) => {
              change({ fromSeq });
            }}
          />
          <InputField
            label={words.deliveries.toSeq}
            name="to_seq"
            numeric
            note={words.deliveries.untilNow}
            value={range.toSeq}
            onChange={(toSeq) => {
              change({ toSeq });
            }}
          />
        </div>
      )}
      <LinesField
        label={words.deliveries.types}
        name="types"
        note={words.deliveries.typesNote}
        value={range.types}
        onChange={(types) => {
          change({ types });
        }}
      />
      <Several
        legend={words.deliveries.onlyChannels}
        of={channels.value.map(({ id, name, address }) => ({ id, name: name || address }))}
        chosen={range.channelIds}
        onChoose={(channelIds) => {
          change({ channelIds });
        }}
      />
      <Tick
        checked={range.missingOnly}
        onChange={(missingOnly) => {
          change({ missingOnly });
        }}
      >
        {words.deliveries.missing}
      </Tick>
      <InputField
        label={words.deliveries.rate}
        name="per_second"
        numeric
        note={words.deliveries.rateNote}
        value={range.perSecond}
        onChange={(perSecond) => {
          change({ perSecond });
        }}
      />
    </Begin>
  );
}

interface TimesProps {
  readonly since: string;
  readonly onSince: (since: string) => void;
  readonly until: string;
  readonly onUntil: (until: string) => void;
}

function Times({ since, onSince, until, onUntil }: TimesProps) {
  return (
    <>
      <label class="field">
        <span>{words.deliveries.from}</span>
        <input
          type="datetime-local"
          value={since}
          required
          onInput={(event) => {
            onSince(event.currentTarget.value);
          }}
        />
      </label>
      <label class="field">
        <span>{words.deliveries.until}</span>
        <input
          type="datetime-local"
          value={until}
          onInput={(event) => {
            onUntil(event.currentTarget.value);
          }}
        />
        <span class="soft">{words.deliveries.untilNow}</span>
      </label>
    </>
  );
}
