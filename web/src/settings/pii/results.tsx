/** What was found, for somebody to say whether it is what it looks like. */

import { Check, X } from "lucide";
import { useCallback, useEffect, useState } from "preact/hooks";
import { may } from "../../permissions";
import { Icon } from "../../ui/icon";
import { ago, exact, now } from "../../ui/time";
import { words } from "../../words";
import { refusedBecause } from "../loaded";
import { listResults, review, type PiiPattern, type PiiResult, type ReviewState } from "./calls";
import { detectorName } from "./detector";

const STATES: readonly ReviewState[] = ["open", "confirmed", "dismissed"];

interface ResultsProps {
  /** By whose names their findings go. */
  readonly patterns: readonly PiiPattern[];
}

export function Results({ patterns }: ResultsProps) {
  const [state, setState] = useState<ReviewState>("open");
  const [rows, setRows] = useState<readonly PiiResult[] | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const read = useCallback(
    async (after: string | null) => {
      try {
        const page = await listResults(state, after);
        setRows((before) => (after === null ? page.data : [...(before ?? []), ...page.data]));
        setCursor(page.next_cursor);
        setFault(null);
      } catch (error) {
        setFault(refusedBecause(error));
      }
    },
    [state],
  );
  useEffect(() => {
    void read(null);
  }, [read]);
  const judge = async (id: string, wanted: ReviewState) => {
    try {
      await review(id, wanted);
      setRows((before) => (before ?? []).filter((one) => one.id !== id));
      setFault(null);
    } catch (error) {
      setFault(refusedBecause(error));
    }
  };
  return (
    <section class="section" aria-labelledby="pii-results">
      <h2 id="pii-results">{words.pii.results}</h2>
      <label class="field pii-state">
        <span>{words.pii.state}</span>
        <select
          value={state}
          onChange={({ currentTarget }) => {
            setState(currentTarget.value as ReviewState);
          }}
        >
          {STATES.map((one) => (
            <option key={one} value={one}>
              {words.pii.states[one]}
            </option>
          ))}
        </select>
      </label>
      {fault !== null && (
        <p class="form-refusal" role="alert">
          {fault}
        </p>
      )}
      {rows?.length === 0 && <p class="soft">{words.pii.none[state]}</p>}
      <ul class="items">
        {rows?.map((one) => (
          <Row key={one.id} of={one} patterns={patterns} onJudge={(wanted) => void judge(one.id, wanted)} />
        ))}
      </ul>
      {cursor !== null && (
        <p>
          <button type="button" class="button" onClick={() => void read(cursor)}>
            {words.pii.more}
          </button>
        </p>
      )}
    </section>
  );
}

interface RowProps {
  readonly of: PiiResult;
  readonly patterns: readonly PiiPattern[];
  readonly onJudge: (state: ReviewState) => void;
}

function Row({ of, patterns, onJudge }: RowProps) {
  const where =
    of.conversation_id === null ? `/customers/${of.customer_id ?? ""}` : `/c/${of.conversation_id}`;
  const exactly = detectorName(of, patterns);
  return (
    <li class="item">
      <span class="item-text">
        <span>
          <strong>{words.pii.kinds[of.kind]}</strong>
          {exactly !== "" && <span class="soft pii-inline"> · {exactly}</span>} <code>{of.sample}</code>
        </span>
        <span class="soft pii-inline">
          <a href={where}>{of.conversation_id === null ? words.pii.customer : words.pii.conversation}</a>
          {" · "}
          {words.pii.sure(Math.round(of.confidence * 100))}
          {" · "}
          <span title={exact(of.created_at)}>{ago(of.created_at, now.value)}</span>
        </span>
      </span>
      {may("workspace.write") && (
        <span class="pii-judge">
          {of.state !== "confirmed" && (
            <button
              type="button"
              class="button quiet square"
              aria-label={words.pii.confirm}
              title={words.pii.confirm}
              onClick={() => {
                onJudge("confirmed");
              }}
            >
              <Icon of={Check} />
            </button>
          )}
          {of.state !== "dismissed" && (
            <button
              type="button"
              class="button quiet square"
              aria-label={words.pii.dismiss}
              title={words.pii.dismiss}
              onClick={() => {
                onJudge("dismissed");
              }}
            >
              <Icon of={X} />
            </button>
          )}
        </span>
      )}
    </li>
  );
}
