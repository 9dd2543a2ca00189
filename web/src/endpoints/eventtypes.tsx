/** Choosing events from the catalogue: everything, whole groups, single types, patterns of one's own. */

import { useState } from "preact/hooks";
import { Tick } from "../ui/tick";
import { words } from "../words";
import type { EventType } from "./calls";
import { LinesField } from "./field";
import { choose, covers, grouped } from "./patterns";

interface EventTypesProps {
  /** null: it could not be read. */
  readonly catalogue: readonly EventType[] | null;
  readonly everything: boolean;
  readonly chosen: readonly string[];
  readonly fault: string | undefined;
  readonly onEverything: (everything: boolean) => void;
  readonly onChoose: (chosen: readonly string[]) => void;
}

export function EventTypes({ catalogue, everything, chosen, fault, ...on }: EventTypesProps) {
  return (
    <fieldset class="choices" data-field="event_types">
      <legend class="unseen">{words.endpoints.what}</legend>
      {[true, false].map((all) => (
        <label key={String(all)} class="tick">
          <input
            type="radio"
            name="everything"
            checked={everything === all}
            onChange={() => {
              on.onEverything(all);
            }}
          />
          <span>{all ? words.endpoints.everything : words.endpoints.chosen}</span>
        </label>
      ))}
      {!everything && <Catalogue of={catalogue} chosen={chosen} onChoose={on.onChoose} fault={fault} />}
    </fieldset>
  );
}

interface CatalogueProps extends Pick<EventTypesProps, "chosen" | "onChoose" | "fault"> {
  readonly of: readonly EventType[] | null;
}

function Catalogue({ of, chosen, onChoose, fault }: CatalogueProps) {
  const known = (of ?? []).filter((one) => one.subscribable);
  const offered = new Set(known.flatMap((one) => [one.type, `${one.type.split(".", 1)[0] ?? ""}.*`]));
  const own = chosen.filter((one) => !offered.has(one));
  // As it is typed: a line that is not finished is no pattern yet, but must not vanish.
  const [typed, setTyped] = useState(own.join("\n"));
  const type = (text: string) => {
    setTyped(text);
    const lines = text.split("\n").map((line) => line.trim());
    onChoose([...chosen.filter((one) => offered.has(one)), ...lines.filter((line) => line !== "")]);
  };
  return (
    <>
      {of === null && <p class="field-note">{words.endpoints.noTypes}</p>}
      <div class="type-groups">
        {grouped(known).map(([group, types]) => (
          <Group key={group} name={group} types={types} chosen={chosen} onChoose={onChoose} />
        ))}
      </div>
      <LinesField
        label={words.endpoints.patterns}
        name="patterns"
        note={words.endpoints.patternsNote}
        fault={fault}
        value={typed}
        onChange={type}
      />
    </>
  );
}

interface GroupProps extends Pick<EventTypesProps, "chosen" | "onChoose"> {
  readonly name: string;
  readonly types: readonly EventType[];
}

function Group({ name, types, chosen, onChoose }: GroupProps) {
  const whole = `${name}.*`;
  const wholeChosen = chosen.includes(whole);
  const by = chosen.filter((one) => one.includes("*"));
  return (
    <div class="type-group" role="group" aria-label={name}>
      <Tick
        checked={wholeChosen}
        onChange={(wanted) => {
          onChoose(choose(chosen, whole, wanted));
        }}
      >
        <strong>{words.endpoints.wholeGroup(name)}</strong> <code>{whole}</code>
      </Tick>
      {!wholeChosen &&
        types.map((one) => (
          <label key={one.type} class="tick">
            <input
              type="checkbox"
              checked={chosen.includes(one.type) || by.some((pattern) => covers(pattern, one.type))}
              disabled={by.some((pattern) => covers(pattern, one.type))}
              onChange={(event) => {
                onChoose(choose(chosen, one.type, event.currentTarget.checked));
              }}
            />
            <span class="type-name">
              {one.type} <span class="soft">{one.description}</span>
            </span>
          </label>
        ))}
    </div>
  );
}
