/** Numbers as the chosen language writes them. */

import { locale } from "../words";

const formats = new Map<string, Intl.NumberFormat>();

/** With exactly so many decimals. */
export function number(value: number, decimals = 0): string {
  const key = `${locale.value} ${decimals}`;
  const known =
    formats.get(key) ??
    new Intl.NumberFormat(locale.value, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  formats.set(key, known);
  return known.format(value);
}
