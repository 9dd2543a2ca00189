/** Permissions to choose from, each with what it lets somebody do. */

import { words } from "../words";

interface TicksProps {
  readonly legend: string;
  readonly offered: ReadonlySet<string>;
  readonly chosen: ReadonlySet<string>;
  readonly onChoose: (chosen: ReadonlySet<string>) => void;
}

export function Ticks({ legend, offered, chosen, onChoose }: TicksProps) {
  const toggle = (permission: string, wanted: boolean) => {
    const next = new Set(chosen);
    if (wanted) next.add(permission);
    else next.delete(permission);
    onChoose(next);
  };
  return (
    <fieldset class="scopes">
      <legend>{legend}</legend>
      {Object.entries(words.keys.permissions)
        .filter(([permission]) => offered.has(permission))
        .map(([permission, meaning]) => (
          <label key={permission} class="tick">
            <input
              type="checkbox"
              checked={chosen.has(permission)}
              onChange={(event) => {
                toggle(permission, event.currentTarget.checked);
              }}
            />
            <span>{meaning}</span>
          </label>
        ))}
    </fieldset>
  );
}
