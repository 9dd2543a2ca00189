/** Numbers and counts in English. */

import { formsOf } from "../forms";

export const { plural, number } = formsOf("en-GB");
