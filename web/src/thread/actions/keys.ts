/** The keys of what can be done with the open conversation. */

import { AlarmClock, CircleCheck, Hand, MailOpen, Tag, UserRound } from "lucide";
import { register } from "../../keys/actions";
import { may } from "../../permissions";
import { openId, route } from "../../route";
import { words } from "../../words";
import { isMe } from "../../workspace";
import { conversation } from "../messages";
import { markUnread, resolveOrReopen, take } from "./change";

const applies = () =>
  route.value.page === "inbox" &&
  openId.value !== null &&
  conversation.value !== null &&
  may("conversations.write");

register(
  {
    id: "conversation.resolve",
    group: "conversation",
    words: () => (conversation.value?.status === "resolved" ? words.desk.reopen : words.desk.resolve),
    keys: "e",
    icon: CircleCheck,
    when: applies,
    run: resolveOrReopen,
  },
  {
    id: "conversation.snooze",
    group: "conversation",
    words: () => words.desk.snooze,
    keys: "s",
    icon: AlarmClock,
    when: applies,
    run: () => {
      open("desk-snooze");
    },
  },
  {
    id: "conversation.assign",
    group: "conversation",
    words: () => words.desk.assign,
    keys: "a",
    icon: UserRound,
    when: applies,
    run: () => {
      open("desk-assign");
    },
  },
  {
    id: "conversation.take",
    group: "conversation",
    words: () => words.desk.take,
    keys: "t",
    icon: Hand,
    when: () => applies() && !isMe(conversation.value?.assignee_id),
    run: take,
  },
  {
    id: "conversation.label",
    group: "conversation",
    words: () => words.desk.label,
    keys: "l",
    icon: Tag,
    when: applies,
    run: () => {
      open("desk-label");
    },
  },
  {
    id: "conversation.unread",
    group: "conversation",
    words: () => words.desk.unread,
    keys: "u",
    icon: MailOpen,
    when: applies,
    run: () => void markUnread(),
  },
);

/** Open one of the menus in the head; it takes the focus, and gives it back. */
function open(name: string): void {
  document.querySelector<HTMLButtonElement>(`.desk .${name}`)?.click();
}
