/** Numbers and counts in German. */

import { formsOf } from "../forms";

export const { plural, number } = formsOf("de-DE");
