/** Messages of one author within five minutes, with one line of time and status below them. */

import type { Message } from "../model/types";
import { Activity } from "./activity";
import { colleagueOf } from "./author";
import { Bubble } from "./bubble";
import { MailCard } from "./mail";
import { Meta } from "./meta";
import { Note } from "./note";
import { Reaction } from "./reaction";
import { shape } from "./rows";
import "./group.css";

export function Group({ of }: { readonly of: readonly Message[] }) {
  const last = of.at(-1);
  if (last === undefined) return null;
  switch (shape(last)) {
    case "note":
      return <Note of={last} />;
    case "activity":
      return <Activity of={last} />;
    case "mail":
      return <MailCard of={last} />;
    case "reaction":
      return <Reaction of={last} />;
    case "bubble":
      return (
        <div class={`group ${last.direction}`}>
          {of.map((message) => (
            <Bubble key={message.id} of={message} />
          ))}
          <Meta of={last} by={colleagueOf(last)} />
        </div>
      );
  }
}
