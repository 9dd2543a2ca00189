/** Die deutschen Texte: dieselben Schlüssel wie in `en.ts`, das auch sagt, wie neue hinzukommen. */

import { audit } from "./de/audit";
import { certificate } from "./de/certificate";
import { composer, templates } from "./de/composer";
import { customer } from "./de/customer";
import { customers } from "./de/customers";
import { deliveries } from "./de/deliveries";
import { endpoints } from "./de/endpoints";
import { first } from "./de/first";
import { desk } from "./de/desk";
import { keys } from "./de/keys";
import { list } from "./de/list";
import { login } from "./de/login";
import { names } from "./de/names";
import { people } from "./de/people";
import { pii } from "./de/pii";
import { privacy, retention } from "./de/privacy";
import { profile } from "./de/profile";
import { search } from "./de/search";
import { settings } from "./de/settings";
import { shell } from "./de/shell";
import { thread } from "./de/thread";
import { time } from "./de/time";
import { views } from "./de/views";
import { webhooks } from "./de/webhooks";
import { workspace } from "./de/workspace";
import type { Words } from "./en";

export const de: Words = {
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
