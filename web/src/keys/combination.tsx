/** Keys as they are labelled: "G then I", "⌘ K". */

import { words } from "../words";

const LABELS: Readonly<Record<string, string>> = { Escape: "Esc", Enter: "Enter", " ": "Space" };
const APPLE = /mac|iphone|ipad/iu.test(navigator.userAgent);

export function Combination({ of }: { readonly of: string }) {
  return (
    <span class="combination">
      {of.split(" ").map((step, index) => (
        <span key={step}>
          {index > 0 && <span class="combination-then">{words.shortcuts.then}</span>}
          {partsOf(step).map((key) => (
            <kbd key={key}>{labelOf(key)}</kbd>
          ))}
        </span>
      ))}
    </span>
  );
}

// A capital letter is what a browser names the key with Shift.
function partsOf(step: string): readonly string[] {
  return /^[A-Z]$/u.test(step) ? ["Shift", step] : step.split("+");
}

function labelOf(key: string): string {
  if (key === "mod") return APPLE ? "⌘" : words.shortcuts.ctrl;
  if (key === "Shift") return APPLE ? "⇧" : words.shortcuts.shift;
  return LABELS[key] ?? (key.length === 1 ? key.toUpperCase() : key);
}
