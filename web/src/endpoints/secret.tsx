/** A signing secret that is shown this once, with how to use it. */

import { Dialog } from "../ui/dialog";
import { words } from "../words";
import { CopyButton } from "../settings/copy";
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

/** How a receiver checks a request; the libraries are those of Standard Webhooks. */
const SNIPPETS = {
  Python: `from standardwebhooks import Webhook

# raises when it is not ours
event = Webhook(SECRET).verify(body, headers)`,
  TypeScript: `import { Webhook } from "standardwebhooks";

// throws when it is not ours
const event = new Webhook(SECRET).verify(body, headers);`,
  Go: `hook, err := standardwebhooks.NewWebhook(secret)
if err == nil {
	// an error when it is not ours
	err = hook.Verify(body, request.Header)
}`,
} as const;

type Language = keyof typeof SNIPPETS;

interface SecretDialogProps {
  readonly secret: string;
  readonly onClose: () => void;
  readonly children?: ComponentChildren;
}

export function SecretDialog({ secret, onClose, children }: SecretDialogProps) {
  return (
    <Dialog title={words.endpoints.secretTitle} onClose={onClose}>
      <div class="dialog-text dialog-form">
        <p>{words.endpoints.secretWhy}</p>
        <span class="code-line">
          <code>{secret}</code>
          <CopyButton text={secret} what={words.endpoints.secret} />
        </span>
        {children}
        <Verifying />
        <div class="actions">
          <button type="button" class="button primary" onClick={onClose}>
            {words.endpoints.done}
          </button>
        </div>
      </div>
    </Dialog>
  );
}

function Verifying() {
  const [language, setLanguage] = useState<Language>("Python");
  return (
    <details class="verifying">
      <summary>{words.endpoints.verifying}</summary>
      <div class="verifying-choice">
        {(Object.keys(SNIPPETS) as Language[]).map((one) => (
          <button
            key={one}
            type="button"
            class="button quiet"
            aria-pressed={one === language}
            onClick={() => {
              setLanguage(one);
            }}
          >
            {one}
          </button>
        ))}
        <CopyButton text={SNIPPETS[language]} what={words.endpoints.snippet} />
      </div>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by key */}
      <pre class="code-block" tabIndex={0} aria-label={words.endpoints.verifying}>
        {SNIPPETS[language]}
      </pre>
      <a class="link" href="/docs" target="_blank" rel="noreferrer">
        {words.endpoints.reference}
      </a>
    </details>
  );
}
