/** The notes that call this member, in place of the rows. */

import { AtSign, RefreshCw, TriangleAlert } from "lucide";
import { useEffect } from "preact/hooks";
import { openId, route, write } from "../route";
import { Avatar } from "../ui/avatar";
import { Delayed } from "../ui/delayed";
import { Icon } from "../ui/icon";
import { Link } from "../ui/link";
import { Notice } from "../ui/notice";
import { exact, now, relative } from "../ui/time";
import { words } from "../words";
import { memberName } from "../workspace";
import { open } from "./choice";
import { loadMentions, mentions, mentionsState, moreMentions, type Mention } from "./mentioned";
import "./mentions.css";

export default function Mentions() {
  useEffect(() => {
    void loadMentions();
  }, []);
  const { state, cursor } = mentionsState.value;
  if (state === "failed") return <Failed />;
  if (mentions.value.length === 0) return state === "ready" ? <Empty /> : <Loading />;
  return (
    <>
      <ul class="mentions">
        {mentions.value.map((one) => (
          <li key={one.message.id}>
            <Entry of={one} />
          </li>
        ))}
      </ul>
      {cursor !== null && (
        <button type="button" class="button mentions-more" onClick={() => void moreMentions()}>
          {words.mentions.more}
        </button>
      )}
    </>
  );
}

function Entry({ of }: { readonly of: Mention }) {
  const { message } = of;
  const author = memberName(message.author_id);
  const id = message.conversation_id;
  return (
    <Link
      class="row mention"
      href={write({ ...route.value, conversation: id })}
      current={openId.value === id}
      onGo={() => {
        open(id);
      }}
    >
      <span class="row-face">
        <Avatar id={message.author_id ?? ""} name={author} />
      </span>
      <span class="row-line">
        <span class="row-name">{words.mentions.by(author)}</span>
        <time class="row-time numbers" dateTime={of.created_at} title={exact(of.created_at)}>
          {relative(of.created_at, now.value)}
        </time>
      </span>
      <span class="row-line">
        <span class="row-preview">{message.text}</span>
        {of.seen_at === null && (
          <span class="row-dot">
            <span class="unseen">{words.mentions.new}</span>
          </span>
        )}
      </span>
    </Link>
  );
}

function Empty() {
  return (
    <Notice icon={AtSign} title={words.list.empty.mentions}>
      <p>{words.list.emptyWhy.mentions}</p>
    </Notice>
  );
}

function Loading() {
  return (
    <Delayed>
      <Notice icon={RefreshCw} title={words.list.loading} />
    </Delayed>
  );
}

function Failed() {
  return (
    <Notice icon={TriangleAlert} title={words.mentions.error} alert>
      <button type="button" class="button" onClick={() => void loadMentions()}>
        <Icon of={RefreshCw} />
        {words.error.retry}
      </button>
    </Notice>
  );
}
