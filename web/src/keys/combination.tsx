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
          {step.split("+").map((key) => (
            <kbd key={key}>{labelOf(key)}</kbd>
          ))}
        </span>
      ))}
    </span>
  );
}

function labelOf(key: string): string {
  if (key === "mod") return APPLE ? "⌘" : "Ctrl";
  return LABELS[key] ?? (key.length === 1 ? key.toUpperCase() : key);
}
