/** What a finding is, more exactly than its kind says. */

import { locale, words } from "../../words";
import type { PiiPattern, PiiResult } from "./calls";

/** As they call themselves, in any language. */
const ISSUERS: Readonly<Record<string, string>> = {
  amex: "American Express",
  diners: "Diners Club",
  discover: "Discover",
  elo: "Elo",
  hipercard: "Hipercard",
  jcb: "JCB",
  maestro: "Maestro",
  mastercard: "Mastercard",
  mir: "Mir",
  rupay: "RuPay",
  troy: "Troy",
  unionpay: "UnionPay",
  visa: "Visa",
};

/** Nothing where the kind says it all. */
export function detectorName(of: PiiResult, patterns: readonly PiiPattern[]): string {
  switch (of.kind) {
    case "custom":
      return patterns.find((one) => one.id === of.detector)?.name ?? words.pii.patternGone;
    case "payment_card":
      return ISSUERS[of.detector] ?? of.detector;
    case "iban":
      return countryName(of.detector);
    case "national_id":
      return of.detector; // the country, and the id as it is called there
    case "email":
    case "phone":
    case "postal_address":
      return "";
  }
}

function countryName(code: string): string {
  return new Intl.DisplayNames(locale.value, { type: "region" }).of(code) ?? code;
}
