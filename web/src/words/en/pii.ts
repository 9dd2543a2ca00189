/** Settings → Personal data. */

import { plural } from "./forms";

export const pii = {
  title: "Personal data",
  lead: "What is looked for in messages, notes and customers’ cards, a moment after it was written.",
  loading: "Loading",
  error: "The rules could not be loaded",
  looksFor: "What is looked for",
  kinds: {
    payment_card: "Payment cards",
    iban: "Bank accounts",
    national_id: "National ids",
    email: "E-mail addresses",
    phone: "Phone numbers",
    postal_address: "Postal addresses",
    custom: "Own pattern",
  },
  means: {
    payment_card: "Numbers of known issuers with the right check digit",
    iban: "IBANs of any country with the right check digits",
    national_id: "Of 21 countries, by their check digits and the words before them",
    email: "Wherever there is an @ between a name and a domain",
    phone: "Numbers that exist by the numbering plans",
    postal_address: "Streets with a number, in some languages; many are missed",
  },
  masked:
    "What is found is hidden in lists, quotations and notifications, and for endpoints that ask for it. The message itself stays as it is.",
  countries: { phone: "Numbers without a country code are of", national_id: "Only of these countries" },
  anyCountry: { phone: "Usual ones, or: DE, FR", national_id: "All, or: DE, FR" },
  saveCountries: "Save countries",
  patterns: "Own patterns",
  patternGone: "removed since",
  patternsNote: "For numbers of your own, such as contracts or memberships.",
  isOn: (name: string) => `Look for ${name}`,
  addPattern: "Add a pattern",
  pattern: "Pattern",
  patternHint:
    "9 is a digit, a is a letter, * is either, ? says that the one before it may be missing. All else is itself: AB-999999",
  removeWhy: "It is not looked for any more. What it found stays in the list.",
  tryOut: "Try it out",
  tryText: "A text, which is not kept",
  look: "Look through",
  found: (count: number) =>
    count === 0 ? "Nothing found" : plural(count, "# place found", "# places found"),
  againTitle: "What was written before",
  againWhy:
    "Changed rules and patterns count for what is written from then on. What the log still has of before can be gone through again; what was reviewed stays so.",
  again: "Go through it again",
  againDone: "It is being looked through; what is found stands below, little by little.",
  results: "What was found",
  state: "Show",
  states: { open: "To be looked at", confirmed: "Confirmed", dismissed: "Dismissed" },
  none: {
    open: "Nothing waits for a look.",
    confirmed: "Nothing was confirmed yet.",
    dismissed: "Nothing was dismissed yet.",
  },
  more: "Show more",
  conversation: "Conversation",
  customer: "Customer",
  sure: (percent: number) => `${percent}% sure`,
  confirm: "It is what it looks like",
  dismiss: "It is not; show it again",
};
