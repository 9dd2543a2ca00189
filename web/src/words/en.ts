/**
 * The English texts, which are the source of all keys and types.
 *
 * A feature keeps its texts in files of its own:
 *
 * 1. `en/AREA.ts` exports one object, `export const AREA = { … };` without `as const`, so that its texts are strings.
 *    A text with a value in it is a function; one with a count uses `plural` from `./forms`.
 * 2. `de/AREA.ts` exports the same object, typed by the English one:
 *    `import type { AREA as English } from "../en/AREA"; export const AREA: typeof English = { … };`
 *    A key that is missing or too many doesn't compile.
 * 3. One line each here and in `de.ts` joins it; the page says `words.AREA.key`.
 *
 * Read `words` while drawing, never into a constant of a module: the language can change.
 * Short, plain, sentence case. `words.test.ts` compares both languages.
 */

import { audit } from "./en/audit";
import { certificate } from "./en/certificate";
import { composer, templates } from "./en/composer";
import { customer } from "./en/customer";
import { customers } from "./en/customers";
import { deliveries } from "./en/deliveries";
import { endpoints } from "./en/endpoints";
import { first } from "./en/first";
import { desk } from "./en/desk";
import { keys } from "./en/keys";
import { list } from "./en/list";
import { login } from "./en/login";
import { names } from "./en/names";
import { people } from "./en/people";
import { pii } from "./en/pii";
import { privacy, retention } from "./en/privacy";
import { profile } from "./en/profile";
import { search } from "./en/search";
import { settings } from "./en/settings";
import { shell } from "./en/shell";
import { thread } from "./en/thread";
import { time } from "./en/time";
import { views } from "./en/views";
import { webhooks } from "./en/webhooks";
import { workspace } from "./en/workspace";

export const en = {
  ...names,
  ...shell,
  ...thread,
  ...views,
  audit,
  certificate,
  composer,
  customer,
  customers,
  deliveries,
  desk,
  endpoints,
  first,
  keys,
  list,
  login,
  people,
  pii,
  privacy,
  profile,
  retention,
  search,
  settings,
  templates,
  time,
  webhooks,
  workspace,
};

export type Words = typeof en;
