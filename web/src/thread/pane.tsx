/** The open conversation: heading and messages, or why there are none. */

import { MessagesSquare, RefreshCw, TriangleAlert } from "lucide";
import { Composer } from "../composer/composer";
import { openId } from "../route";
import { inbox } from "../store";
import { Delayed } from "../ui/delayed";
import { Icon } from "../ui/icon";
import { Notice } from "../ui/notice";
import { words } from "../words";
import { refusal } from "./actions/change";
import { ThreadHead } from "./head";
import { conversation, messages, reach, retry } from "./messages";
import { tellWriting } from "./presence";
import { Present } from "./present";
import { Thread } from "./thread";
import "./pane.css";

export function ThreadPane() {
  const id = openId.value;
  return (
    <section
      class={id === null ? "thread-pane blank" : "thread-pane"}
      id="thread"
      tabIndex={-1}
      aria-label={words.thread.pane}
      onInput={tellWriting}
    >
      {id === null ? <Nothing /> : <Open id={id} />}
    </section>
  );
}

function Open({ id }: { readonly id: string }) {
  const { begun, state, failure } = reach.value;
  return (
    <>
      <ThreadHead of={conversation.value} />
      <Refusal of={id} />
      {!begun && state === "failed" && <Failed gone={failure === 404} />}
      {!begun && state !== "failed" && <Bones />}
      {begun && messages.value.length === 0 && <Notice icon={MessagesSquare} title={words.thread.empty} />}
      {begun && messages.value.length > 0 && <Thread key={id} />}
      <Present />
      {begun && conversation.value !== null && <Composer of={conversation.value} />}
    </>
  );
}

// Beside an empty list there is nothing to choose, and the list says what to do.
function Nothing() {
  if (inbox.value.conversations.length === 0) return null;
  return (
    <Notice icon={MessagesSquare} title={words.thread.none}>
      <p>{words.thread.noneWhy}</p>
    </Notice>
  );
}

// What was wanted of this conversation and refused: said where it was wanted.
function Refusal({ of }: { readonly of: string }) {
  const refused = refusal.value;
  if (refused?.of !== of) return null;
  return (
    <p class="desk-refusal" role="alert">
      {refused.said}
      {refused.again !== null && (
        <button type="button" class="desk-again" onClick={refused.again}>
          {words.desk.changeAnyway}
        </button>
      )}
    </p>
  );
}

function Failed({ gone }: { readonly gone: boolean }) {
  if (gone) return <Notice icon={TriangleAlert} title={words.thread.gone} alert />;
  return (
    <Notice icon={TriangleAlert} title={words.thread.error} alert>
      {reach.value.failure === 0 && <p>{words.error.unreachable}</p>}
      <button type="button" class="button" onClick={() => void retry()}>
        <Icon of={RefreshCw} />
        {words.error.retry}
      </button>
    </Notice>
  );
}

function Bones() {
  return (
    <Delayed>
      <div class="thread-bones" role="status" aria-label={words.thread.loading}>
        {[52, 38, 60, 30, 46].map((width, index) => (
          <span key={width} class={index % 3 === 2 ? "bone own" : "bone"} style={{ width: `${width}%` }} />
        ))}
      </div>
    </Delayed>
  );
}
