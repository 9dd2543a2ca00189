/** Several of a list to choose from; none chosen means all of them. */

import { toggled } from "../settings/editing";
import { Tick } from "../ui/tick";
import { words } from "../words";

interface SeveralProps {
  readonly legend: string;
  readonly of: readonly { readonly id: string; readonly name: string }[];
  readonly chosen: readonly string[];
  readonly onChoose: (chosen: readonly string[]) => void;
}

export function Several({ legend, of, chosen, onChoose }: SeveralProps) {
  if (of.length === 0) return null;
  return (
    <fieldset class="choices">
      <legend>{legend}</legend>
      <div class="several">
        {of.map((one) => (
          <Tick
            key={one.id}
            checked={chosen.includes(one.id)}
            onChange={(wanted) => {
              onChoose(toggled(chosen, one.id, wanted));
            }}
          >
            {one.name}
          </Tick>
        ))}
      </div>
      {chosen.length === 0 && <p class="field-note">{words.endpoints.anyOfThem}</p>}
    </fieldset>
  );
}
