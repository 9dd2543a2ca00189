/** Steps in a little Markdown: strong, emphasis, and code with a button that copies it when it is an address. */

import { CopyButton } from "./copy";
import { words } from "../words";
import type { Schema } from "./types";

const MARKS = /(\*\*[^*]+\*\*|\*[^*]+\*|`[^`]+`|\[[^\]]+\]\(https:[^)\s]+\))/u;

/** Call the fields that steps name as the form calls them. */
export function inWords(steps: readonly string[], schemas: readonly Schema[]): readonly string[] {
  const titles = new Map(
    schemas.flatMap((schema) =>
      Object.entries(schema.properties).map(([name, field]) => [name, field.title] as const),
    ),
  );
  return steps.map((step) =>
    step.replace(/`(\w+)`/gu, (code, name: string) => {
      const title = titles.get(name);
      return title === undefined ? code : `“${title}”`;
    }),
  );
}

export function Steps({ of }: { readonly of: readonly string[] }) {
  return (
    <ol class="steps">
      {of.map((step) => (
        <li key={step}>
          <Marked text={step} />
        </li>
      ))}
    </ol>
  );
}

export function Marked({ text }: { readonly text: string }) {
  return (
    <>
      {text.split(MARKS).map((part, place) => (
        <Part key={place} of={part} />
      ))}
    </>
  );
}

function Part({ of }: { readonly of: string }) {
  const [, name, address] = /^\[([^\]]+)\]\((https:[^)\s]+)\)$/u.exec(of) ?? [];
  if (name !== undefined && address !== undefined) {
    return (
      <a class="link" href={address} target="_blank" rel="noopener noreferrer">
        {name}
      </a>
    );
  }
  if (of.startsWith("**") && of.length > 4) return <strong>{of.slice(2, -2)}</strong>;
  if (of.startsWith("*") && of.length > 2) return <em>{of.slice(1, -1)}</em>;
  if (of.startsWith("`") && of.length > 2) return <Code text={of.slice(1, -1)} />;
  return <>{of}</>;
}

function Code({ text }: { readonly text: string }) {
  if (!/^https?:\/\/[^<]+$/u.test(text)) return <code>{text}</code>;
  return (
    <span class="code-line">
      <code>{text}</code>
      <CopyButton text={text} what={words.settings.url} />
    </span>
  );
}
