/** What a search is narrowed to: a row of small choices, those that narrow standing out. */

import { X } from "lucide";
import { Icon } from "../ui/icon";
import { words } from "../words";
import { activeMembers, channels, isMe, labels, memberName } from "../workspace";
import { KINDS, type Narrowed, type Where } from "./find";
import { chooseWhere, narrow, narrowed, where, widen } from "./searching";

const PLACES: readonly Where[] = ["all", ...KINDS];
const DAYS = [7, 30] as const;
const YEAR = 365;

export function Filters() {
  return (
    <div class="search-filters" role="group" aria-label={words.search.filters}>
      <div class="search-places" role="radiogroup" aria-label={words.search.where}>
        {PLACES.map((one) => (
          <label key={one} class="chip">
            <input
              type="radio"
              class="unseen"
              name="search-where"
              checked={where.value === one}
              onChange={() => {
                chooseWhere(one);
              }}
            />
            {words.search.places[one]}
          </label>
        ))}
      </div>
      <Choice
        of="channel"
        any={words.search.channel}
        options={channels.value.map((one) => [one.id, one.name])}
      />
      <Choice
        of="assignee"
        any={words.search.assignee}
        options={[
          ...activeMembers.value.map((one): Option => [
            one.id,
            isMe(one.id) ? words.person.you(memberName(one.id)) : memberName(one.id),
          ]),
          ["nobody", words.person.nobody],
        ]}
      />
      <Choice of="label" any={words.search.label} options={labels.value.map((one) => [one.id, one.name])} />
      <Choice of="direction" any={words.search.direction} options={Object.entries(words.search.directions)} />
      <Choice
        of="days"
        any={words.search.since}
        options={[
          ...DAYS.map((count): Option => [String(count), words.search.days(count)]),
          [String(YEAR), words.search.year],
        ]}
      />
      {Object.keys(narrowed.value).length > 0 && (
        <button type="button" class="chip" onClick={widen}>
          <Icon of={X} size={14} />
          {words.search.reset}
        </button>
      )}
    </div>
  );
}

type Option = readonly [value: string, name: string];

interface ChoiceProps {
  readonly of: keyof Narrowed;
  readonly any: string;
  readonly options: readonly Option[];
}

function Choice({ of, any, options }: ChoiceProps) {
  const value = narrowed.value[of];
  if (options.length === 0) return null;
  return (
    <select
      class="chip"
      aria-label={any}
      data-narrows={value !== undefined}
      value={value === undefined ? "" : String(value)}
      onChange={(event) => {
        const { value } = event.currentTarget;
        const chosen = of === "days" ? Number(value) : value;
        narrow({ [of]: value === "" ? undefined : chosen });
      }}
    >
      <option value="">{any}</option>
      {options.map(([key, name]) => (
        <option key={key} value={key}>
          {name}
        </option>
      ))}
    </select>
  );
}
