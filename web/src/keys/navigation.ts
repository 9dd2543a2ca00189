/** Moving about: along the list, into a conversation and out of it, and to other places. */

import {
  CircleDashed,
  CircleDot,
  Contact,
  Keyboard,
  Layers,
  ListChecks,
  ListFilter,
  PanelRight,
  Send,
  Settings,
  UserRound,
  Waypoints,
  X,
} from "lucide";
import { chosenIndex, moveTo, openChosen } from "../list/choice";
import { openFilters } from "../list/filterbar";
import { shownRows } from "../list/hold";
import { choosing, clearSelection, extendTo, selectAll, selection, toggle } from "../list/selection";
import { may } from "../permissions";
import { closeConversation, go, openId, route, view } from "../route";
import { detailsOpen, foldDrawer, isBeside, toggleDetails } from "../shell/details";
import { words } from "../words";
import { register } from "./actions";
import { sheetOpen } from "./sheet";

const inInbox = () => route.value.page === "inbox";
const mayChoose = () => inInbox() && view.value !== "mentions" && may("conversations.write");
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
    id: "list.select",
    group: "list",
    words: () => words.shortcuts.select,
    keys: "x",
    keyOnly: true,
    when: mayChoose,
    run: () => {
      const row = shownRows.peek()[chosenIndex.peek()];
      if (row !== undefined) toggle(row.id);
    },
  },
  {
    id: "list.selectTo",
    group: "list",
    words: () => words.shortcuts.selectTo,
    keys: "X",
    keyOnly: true,
    when: mayChoose,
    run: () => {
      const row = shownRows.peek()[chosenIndex.peek()];
      if (row !== undefined) extendTo(row.id);
    },
  },
  {
    id: "list.selectAll",
    group: "list",
    words: () => words.shortcuts.selectAll,
    icon: ListChecks,
    when: mayChoose,
    run: selectAll,
  },
  {
    id: "list.selectNone",
    group: "list",
    words: () => words.bulk.clear,
    keys: "Escape",
    icon: X,
    when: () => selection.value.length > 0 || choosing.value,
    run: clearSelection,
  },
  {
    id: "list.filter",
    group: "list",
    words: () => words.filter.title,
    keys: "f",
    icon: ListFilter,
    when: () => inInbox() && view.value !== "mentions",
    run: openFilters,
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
    id: "go.mine",
    group: "go",
    words: () => words.shortcuts.mine,
    keys: "g m",
    icon: UserRound,
    run: () => {
      go({ page: "inbox", view: "mine", conversation: null });
    },
  },
  {
    id: "go.unassigned",
    group: "go",
    words: () => words.shortcuts.unassigned,
    keys: "g u",
    icon: CircleDashed,
    run: () => {
      go({ page: "inbox", view: "unassigned", conversation: null });
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
    id: "go.customers",
    group: "go",
    words: () => words.shortcuts.customers,
    keys: "g c",
    icon: Contact,
    run: () => {
      go({ page: "customers", conversation: null, place: "" });
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
    id: "go.endpoints",
    group: "go",
    words: () => words.palette.goTo(words.endpoints.title),
    icon: Waypoints,
    when: () => may("webhooks.read"),
    run: () => {
      go({ page: "settings", conversation: null, area: "endpoints" });
    },
  },
  {
    id: "go.deliveries",
    group: "go",
    words: () => words.palette.goTo(words.deliveries.title),
    icon: Send,
    when: () => may("webhooks.read"),
    run: () => {
      go({ page: "settings", conversation: null, area: "deliveries" });
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
