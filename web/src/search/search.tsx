/**
 * Where the search opens, and the button that opens it.
 *
 * It comes with the page itself: what somebody types right after the key must not get lost while a file is fetched.
 */

import { Search as Glass } from "lucide";
import { Icon } from "../ui/icon";
import { words } from "../words";
import { SearchBox } from "./box";
import { openSearch, searchOpen } from "./searching";

export function Search() {
  return searchOpen.value ? <SearchBox /> : null;
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
