/** What a language does with numbers: which form a count takes, and how digits are grouped. */

export interface Forms {
  /** The form for a count, its number in place of `#`: `plural(3, "# day", "# days")`. */
  readonly plural: (count: number, one: string, other: string) => string;
  readonly number: (value: number) => string;
}

export function formsOf(locale: string): Forms {
  const rules = new Intl.PluralRules(locale);
  const numbers = new Intl.NumberFormat(locale);
  const number = (value: number) => numbers.format(value);
  return {
    number,
    plural: (count, one, other) =>
      (rules.select(count) === "one" ? one : other).replaceAll("#", number(count)),
  };
}
