/** Settings → Canned replies. */

import { MessageSquareQuote, Plus } from "lucide";
import { useRef, useState } from "preact/hooks";
import type { CannedReply } from "../../model/shared";
import { may } from "../../permissions";
import { Icon } from "../../ui/icon";
import { Notice } from "../../ui/notice";
import { Tick } from "../../ui/tick";
import { words } from "../../words";
import { cannedReplies } from "../../workspace";
import { Badge } from "../badge";
import { Editor, ItemRow, Remove, TextField } from "../editing";
import { Screen } from "../screen";

export default function CannedReplies() {
  const { workspace } = words;
  const [edited, setEdited] = useState<CannedReply | "new" | null>(null);
  const [removed, setRemoved] = useState<CannedReply | null>(null);
  const add = may("conversations.write") && (
    <button
      type="button"
      class="button primary"
      onClick={() => {
        setEdited("new");
      }}
    >
      <Icon of={Plus} />
      {workspace.canned.add}
    </button>
  );
  return (
    <Screen title={workspace.canned.title} lead={workspace.canned.lead} action={add}>
      {cannedReplies.value.length === 0 && (
        <Notice icon={MessageSquareQuote} title={workspace.canned.empty}>
          <p>{workspace.canned.emptyWhy}</p>
        </Notice>
      )}
      <ul class="items">
        {cannedReplies.value.map((one) => {
          const mine = may(one.owner_id === null ? "workspace.write" : "conversations.write");
          return (
            <ItemRow
              key={one.id}
              name={one.name}
              mark={<code>/{one.shortcut}</code>}
              detail={
                <>
                  {one.owner_id !== null && <Badge kind="own">{workspace.canned.own}</Badge>} {one.text}
                </>
              }
              onEdit={
                mine
                  ? () => {
                      setEdited(one);
                    }
                  : undefined
              }
              onRemove={
                mine
                  ? () => {
                      setRemoved(one);
                    }
                  : undefined
              }
            />
          );
        })}
      </ul>
      {edited !== null && (
        <ReplyEditor
          of={edited === "new" ? null : edited}
          onClose={() => {
            setEdited(null);
          }}
        />
      )}
      {removed !== null && (
        <Remove
          name={removed.name}
          why={removed.owner_id === null ? workspace.canned.removeWhy : workspace.canned.removeWhyOwn}
          path={`/canned-replies/${removed.id}`}
          onClose={() => {
            setRemoved(null);
          }}
        />
      )}
    </Screen>
  );
}

function ReplyEditor({ of, onClose }: { readonly of: CannedReply | null; readonly onClose: () => void }) {
  const { canned: said, name: nameWord } = words.workspace;
  const [shortcut, setShortcut] = useState(of?.shortcut ?? "");
  const [name, setName] = useState(of?.name ?? "");
  const [text, setText] = useState(of?.text ?? "");
  const [shared, setShared] = useState(may("workspace.write"));
  const field = useRef<HTMLTextAreaElement>(null);
  const putIn = (variable: string) => {
    const at = field.current?.selectionStart ?? text.length;
    setText(`${text.slice(0, at)}{{${variable}}}${text.slice(at)}`);
    field.current?.focus();
  };
  return (
    <Editor
      title={of === null ? said.add : said.change}
      path={of === null ? "/canned-replies" : `/canned-replies/${of.id}`}
      isNew={of === null}
      body={() => ({ shortcut, name: name.trim(), text, ...(of === null ? { shared } : {}) })}
      onClose={onClose}
    >
      <TextField
        label={said.shortcut}
        value={shortcut}
        onInput={(typed) => {
          setShortcut(typed.toLowerCase().replace(/^\//u, ""));
        }}
        required
        maxLength={40}
        pattern="[a-z0-9][a-z0-9_\-]*"
        hint={said.shortcutWhy}
      />
      <TextField label={nameWord} value={name} onInput={setName} required maxLength={200} />
      <label class="field">
        <span>{said.text}</span>
        <textarea
          ref={field}
          required
          maxLength={20_000}
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value);
          }}
        />
      </label>
      <div class="put-in" role="group" aria-label={said.variables}>
        <span class="soft">{said.variables}</span>
        {Object.entries(said.names).map(([variable, word]) => (
          <button
            key={variable}
            type="button"
            class="button"
            onClick={() => {
              putIn(variable);
            }}
          >
            {word}
          </button>
        ))}
      </div>
      {of === null && may("workspace.write") && (
        <Tick checked={shared} onChange={setShared}>
          {said.shared}
        </Tick>
      )}
    </Editor>
  );
}
