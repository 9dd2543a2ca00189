/** Writing by key. */

import { Reply, StickyNote } from "lucide";
import { register } from "../keys/actions";
import { may } from "../permissions";
import { openId, route } from "../route";
import { words } from "../words";
import { focusField } from "./field";
import { mode } from "./mode";

const hasOpen = () => route.value.page === "inbox" && openId.value !== null;

register(
  {
    id: "conversation.reply",
    group: "conversation",
    words: () => words.composer.reply,
    keys: "r",
    icon: Reply,
    when: () => hasOpen() && may("messages.send"),
    run: () => {
      mode.value = "reply";
      focusField();
    },
  },
  {
    id: "conversation.note",
    group: "conversation",
    words: () => words.composer.note,
    keys: "n",
    icon: StickyNote,
    when: () => hasOpen() && may("conversations.write"),
    run: () => {
      mode.value = "note";
      focusField();
    },
  },
);
