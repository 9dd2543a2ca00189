/** How we prove to an endpoint who we are: the fields of each kind. Secrets that are set are never shown. */

import { AUTH_TYPES, type AuthType } from "../model/endpoint";
import { words } from "../words";
import { readLines, type Draft } from "./draft";
import { InputField, LinesField, SelectField } from "./field";
import type { FormProps } from "./form";

interface Part {
  readonly key: "username" | "password" | "token" | "tokenUrl" | "clientId" | "clientSecret" | "scope";
  /** As the gateway calls it. */
  readonly name: string;
  readonly secret?: boolean;
}

const PARTS: Readonly<Record<AuthType, readonly Part[]>> = {
  none: [],
  basic: [
    { key: "username", name: "username" },
    { key: "password", name: "password", secret: true },
  ],
  bearer: [{ key: "token", name: "token", secret: true }],
  headers: [],
  oauth2: [
    { key: "tokenUrl", name: "token_url" },
    { key: "clientId", name: "client_id" },
    { key: "clientSecret", name: "client_secret", secret: true },
    { key: "scope", name: "scope" },
  ],
};

export function AuthFields({ draft, onDraft, faults, kept }: FormProps) {
  const isSet = kept === draft.authType;
  const change = (part: Partial<Draft>) => {
    onDraft({ ...draft, ...part });
  };
  return (
    <section class="section" aria-labelledby="auth">
      <h2 id="auth">{words.endpoints.auth}</h2>
      <p class="section-lead">{words.endpoints.authWhy}</p>
      <SelectField
        label={words.endpoints.authType}
        name="auth.type"
        value={draft.authType}
        fault={faults["auth.type"] ?? faults["auth"]}
        options={Object.fromEntries(AUTH_TYPES.map((one) => [one, words.endpoints.authTypes[one] ?? one]))}
        onChange={(type) => {
          change({ authType: type as AuthType });
        }}
      />
      {PARTS[draft.authType].map(({ key, name, secret = false }) => (
        <InputField
          key={name}
          label={words.endpoints[key]}
          name={`auth.${name}`}
          secret={secret}
          note={secret && isSet ? words.endpoints.keepSecret : undefined}
          fault={faults[`auth.${name}`]}
          value={draft[key]}
          onChange={(value) => {
            change({ [key]: value });
          }}
        />
      ))}
      {draft.authType === "headers" && (
        <LinesField
          label={words.endpoints.secretHeaders}
          name="auth.headers"
          note={
            isSet
              ? `${words.endpoints.headersNote}. ${words.endpoints.keepSecret}`
              : words.endpoints.headersNote
          }
          fault={readLines(draft.authHeaders) === null ? words.endpoints.wrongLines : faults["auth.headers"]}
          value={draft.authHeaders}
          onChange={(authHeaders) => {
            change({ authHeaders });
          }}
        />
      )}
    </section>
  );
}
