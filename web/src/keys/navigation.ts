/** Moving about: along the list, into a conversation and out of it, and to other places. */

import { CircleDot, Keyboard, Layers, PanelRight, Settings } from "lucide";
import { moveTo, openChosen } from "../list/choice";
import { closeConversation, go, openId, route } from "../route";
import { detailsOpen, foldDrawer, isBeside, toggleDetails } from "../shell/details";
import { words } from "../words";
import { register } from "./actions";
import { sheetOpen } from "./sheet";

const inInbox = () => route.value.page === "inbox";
const hasOpen = () => inInbox() && openId.value !== null;

register(
  {
    id: "list.down",
    group: "list",
    words: () => words.shortcuts.down,
    keys: "j",
    keyOnly: true,
    when: inInbox,
    run: () => {
      moveTo(1);
    },
  },
  {
    id: "list.up",
    group: "list",
    words: () => words.shortcuts.up,
    keys: "k",
    keyOnly: true,
    when: inInbox,
    run: () => {
      moveTo(-1);
    },
  },
  {
    id: "list.open",
    group: "list",
    words: () => words.shortcuts.open,
    keys: "Enter",
    keyOnly: true,
    when: inInbox,
    run: openChosen,
  },
  {
    id: "conversation.leave",
    group: "conversation",
    words: () => words.shortcuts.back,
    keys: "Escape",
    keyOnly: true,
    when: hasOpen,
    run: () => {
      if (detailsOpen.peek() && !isBeside()) foldDrawer();
      else closeConversation();
    },
  },
  {
    id: "conversation.details",
    group: "conversation",
    words: () => words.shortcuts.details,
    keys: ".",
    icon: PanelRight,
    when: hasOpen,
    run: toggleDetails,
  },
  {
    id: "go.inbox",
    group: "go",
    words: () => words.shortcuts.inbox,
    keys: "g i",
    icon: CircleDot,
    run: () => {
      go({ page: "inbox", view: "open", conversation: null });
    },
  },
  {
    id: "go.all",
    group: "go",
    words: () => words.shortcuts.all,
    keys: "g a",
    icon: Layers,
    run: () => {
      go({ page: "inbox", view: "all", conversation: null });
    },
  },
  {
    id: "go.settings",
    group: "go",
    words: () => words.shortcuts.settings,
    keys: "g s",
    icon: Settings,
    run: () => {
      go({ page: "settings", conversation: null });
    },
  },
  {
    id: "page.sheet",
    group: "page",
    words: () => words.shortcuts.sheet,
    keys: "?",
    icon: Keyboard,
    run: () => {
      sheetOpen.value = true;
    },
  },
);
