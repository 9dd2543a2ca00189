/** Settings → Labels. */

import { Plus, Tag } from "lucide";
import { useState } from "preact/hooks";
import type { Label } from "../../model/shared";
import { may } from "../../permissions";
import { Icon } from "../../ui/icon";
import { LabelDot } from "../../ui/label";
import { Notice } from "../../ui/notice";
import { words } from "../../words";
import { labels } from "../../workspace";
import { Editor, ItemRow, Remove, TextField } from "../editing";
import { Screen } from "../screen";

const COLORS = ["grey", "red", "orange", "amber", "green", "teal", "blue", "violet", "pink"];

export default function Labels() {
  const { workspace } = words;
  const [edited, setEdited] = useState<Label | "new" | null>(null);
  const [removed, setRemoved] = useState<Label | null>(null);
  const manage = may("workspace.write");
  const add = manage && (
    <button
      type="button"
      class="button primary"
      onClick={() => {
        setEdited("new");
      }}
    >
      <Icon of={Plus} />
      {workspace.labels.add}
    </button>
  );
  return (
    <Screen title={workspace.labels.title} lead={workspace.labels.lead} action={add}>
      {labels.value.length === 0 && (
        <Notice icon={Tag} title={workspace.labels.empty}>
          <p>{workspace.labels.emptyWhy}</p>
        </Notice>
      )}
      <ul class="items">
        {labels.value.map((one) => (
          <ItemRow
            key={one.id}
            name={one.name}
            mark={<LabelDot of={one} />}
            detail={one.description ?? undefined}
            onEdit={
              manage
                ? () => {
                    setEdited(one);
                  }
                : undefined
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
      {edited !== null && (
        <LabelEditor
          of={edited === "new" ? null : edited}
          onClose={() => {
            setEdited(null);
          }}
        />
      )}
      {removed !== null && (
        <Remove
          name={removed.name}
          why={workspace.labels.removeWhy}
          path={`/labels/${removed.id}`}
          onClose={() => {
            setRemoved(null);
          }}
        />
      )}
    </Screen>
  );
}

function LabelEditor({ of, onClose }: { readonly of: Label | null; readonly onClose: () => void }) {
  const { labels: said, name: nameWord } = words.workspace;
  const [name, setName] = useState(of?.name ?? "");
  const [color, setColor] = useState(of?.color ?? "teal");
  const [description, setDescription] = useState(of?.description ?? "");
  return (
    <Editor
      title={of === null ? said.add : said.change}
      path={of === null ? "/labels" : `/labels/${of.id}`}
      isNew={of === null}
      body={() => ({ name: name.trim(), color, description: description.trim() || null })}
      onClose={onClose}
    >
      <TextField label={nameWord} value={name} onInput={setName} required maxLength={200} />
      <fieldset class="choices">
        <legend>{said.color}</legend>
        <div class="swatches">
          {COLORS.map((one) => (
            <label key={one} class="swatch">
              <input
                type="radio"
                name="color"
                value={one}
                checked={one === color}
                onChange={() => {
                  setColor(one);
                }}
              />
              <LabelDot of={{ color: one } as Label} />
              {said.colors[one]}
            </label>
          ))}
        </div>
      </fieldset>
      <TextField label={said.description} value={description} onInput={setDescription} maxLength={200} />
    </Editor>
  );
}
