/** The key that opens the search. */

import { Search } from "lucide";
import { register } from "../keys/actions";
import { words } from "../words";
import { openSearch } from "./searching";

register({
  id: "page.search",
  group: "page",
  words: () => words.search.action,
  keys: "/",
  icon: Search,
  run: openSearch,
});
