/** A page of the settings that lists things of one kind, and lets those who may add, change and remove them. */

import { Plus, type IconNode } from "lucide";
import type { ComponentChildren, ComponentType } from "preact";
import { useState } from "preact/hooks";
import { may } from "../permissions";
import { Icon } from "../ui/icon";
import { Notice } from "../ui/notice";
import { ItemRow, Remove } from "./editing";
import { Screen } from "./screen";

interface Item {
  readonly id: string;
  readonly name: string;
}

interface EditorProps<T> {
  /** Null for a new one. */
  readonly of: T | null;
  readonly onClose: () => void;
}

interface ItemPageProps<T extends Item> {
  readonly icon: IconNode;
  readonly said: {
    readonly title: string;
    readonly lead: string;
    readonly add: string;
    readonly empty: string;
    readonly emptyWhy: string;
    readonly removeWhy: string;
  };
  readonly list: readonly T[];
  /** Where the API has them. */
  readonly path: string;
  readonly markOf?: (one: T) => ComponentChildren;
  readonly detailOf: (one: T) => string | undefined;
  readonly editor: ComponentType<EditorProps<T>>;
}

export function ItemPage<T extends Item>(props: ItemPageProps<T>) {
  const { icon, said, list, path, markOf, detailOf, editor: Editor } = props;
  const [edited, setEdited] = useState<T | "new" | null>(null);
  const [removed, setRemoved] = useState<T | null>(null);
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
      {said.add}
    </button>
  );
  return (
    <Screen title={said.title} lead={said.lead} action={add}>
      {list.length === 0 && (
        <Notice icon={icon} title={said.empty}>
          <p>{said.emptyWhy}</p>
        </Notice>
      )}
      <ul class="items">
        {list.map((one) => (
          <ItemRow
            key={one.id}
            name={one.name}
            mark={markOf?.(one)}
            detail={detailOf(one)}
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
        <Editor
          of={edited === "new" ? null : edited}
          onClose={() => {
            setEdited(null);
          }}
        />
      )}
      {removed !== null && (
        <Remove
          name={removed.name}
          why={said.removeWhy}
          path={`${path}/${removed.id}`}
          onClose={() => {
            setRemoved(null);
          }}
        />
      )}
    </Screen>
  );
}
