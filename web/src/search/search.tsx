/** Where the search opens, and the button that opens it; its file is fetched when it is first wanted. */

import { Search as Glass } from "lucide";
import { Icon } from "../ui/icon";
import { Lazy } from "../ui/lazy";
import { words } from "../words";
import { openSearch, searchOpen } from "./searching";

const load = () => import("./box");
const NO_PROPS = {};

export function Search() {
  return searchOpen.value ? <Lazy load={load} of={NO_PROPS} /> : null;
}

export function SearchButton() {
  return (
    <button
      type="button"
      class="button quiet square"
      aria-label={words.search.action}
      title={`${words.search.action} (/)`}
      onClick={openSearch}
    >
      <Icon of={Glass} />
    </button>
  );
}
