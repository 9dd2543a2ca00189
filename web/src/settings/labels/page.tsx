/** Settings → Labels. */

import { Tag } from "lucide";
import { useState } from "preact/hooks";
import type { Label } from "../../model/shared";
import { LabelDot } from "../../ui/label";
import { words } from "../../words";
import { labels } from "../../workspace";
import { Editor, TextField } from "../editing";
import { ItemPage } from "../itempage";

const COLORS = ["grey", "red", "orange", "amber", "green", "teal", "blue", "violet", "pink"];

export default function Labels() {
  return (
    <ItemPage
      icon={Tag}
      said={words.workspace.labels}
      list={labels.value}
      path="/labels"
      markOf={(one) => <LabelDot of={one} />}
      detailOf={(one) => one.description ?? undefined}
      editor={LabelEditor}
    />
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
