/** A button that copies a text, and says so. */

import { Check, Copy } from "lucide";
import { useState } from "preact/hooks";
import { Icon } from "../ui/icon";
import { words } from "../words";

const SHOWN = 1500;

export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => {
      setCopied(false);
    }, SHOWN);
  };
  return (
    <button
      type="button"
      class="button quiet square copy-button"
      aria-label={copied ? words.settings.copied : words.settings.copy(what)}
      onClick={() => void copy()}
    >
      <Icon of={copied ? Check : Copy} size={14} />
    </button>
  );
}
