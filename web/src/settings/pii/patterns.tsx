/** Patterns of the workspace's own: a template each, that is tried out before it is saved. */

import { Plus } from "lucide";
import { useState } from "preact/hooks";
import { may } from "../../permissions";
import { Icon } from "../../ui/icon";
import { words } from "../../words";
import { Editor, ItemRow, Remove, TextField } from "../editing";
import { refusedBecause } from "../loaded";
import { switchPattern, type PiiPattern } from "./calls";
import { Trying } from "./tryout";

interface PatternsProps {
  readonly of: readonly PiiPattern[];
  readonly onChange: () => void;
}

export function Patterns({ of, onChange }: PatternsProps) {
  const [adds, setAdds] = useState(false);
  const [removed, setRemoved] = useState<PiiPattern | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const manage = may("tenant.write");
  const turn = async (id: string, enabled: boolean) => {
    try {
      await switchPattern(id, enabled);
      setFault(null);
      onChange();
    } catch (error) {
      setFault(refusedBecause(error));
    }
  };
  return (
    <section class="section" aria-labelledby="pii-patterns">
      <h2 id="pii-patterns">{words.pii.patterns}</h2>
      <p class="soft">{words.pii.patternsNote}</p>
      <ul class="items">
        {of.map((one) => (
          <ItemRow
            key={one.id}
            name={one.name}
            detail={<code>{one.pattern}</code>}
            mark={
              <input
                type="checkbox"
                class="pii-switch"
                aria-label={words.pii.isOn(one.name)}
                checked={one.enabled}
                disabled={!manage}
                onChange={({ currentTarget }) => void turn(one.id, currentTarget.checked)}
              />
            }
            onRemove={
              manage
                ? () => {
                    setRemoved(one);
                  }
                : undefined
            }
          />
        ))}
      </ul>
      {fault !== null && (
        <p class="form-refusal" role="alert">
          {fault}
        </p>
      )}
      {manage && (
        <div class="actions">
          <button
            type="button"
            class="button"
            onClick={() => {
              setAdds(true);
            }}
          >
            <Icon of={Plus} />
            {words.pii.addPattern}
          </button>
        </div>
      )}
      {adds && (
        <NewPattern
          onClose={() => {
            setAdds(false);
            onChange();
          }}
        />
      )}
      {removed !== null && (
        <Remove
          name={removed.name}
          why={words.pii.removeWhy}
          path={`/pii/patterns/${removed.id}`}
          onClose={() => {
            setRemoved(null);
            onChange();
          }}
        />
      )}
    </section>
  );
}

function NewPattern({ onClose }: { readonly onClose: () => void }) {
  const [name, setName] = useState("");
  const [pattern, setPattern] = useState("");
  return (
    <Editor
      title={words.pii.addPattern}
      path="/pii/patterns"
      isNew
      body={() => ({ name: name.trim(), pattern })}
      onClose={onClose}
    >
      <TextField label={words.workspace.name} value={name} onInput={setName} required maxLength={80} />
      <TextField
        label={words.pii.pattern}
        value={pattern}
        onInput={setPattern}
        required
        maxLength={80}
        hint={words.pii.patternHint}
      />
      <Trying pattern={pattern === "" ? null : pattern} rows={2} />
    </Editor>
  );
}
