/** What to call a customer. */

import type { Customer } from "../model/types";
import { plainName } from "../ui/plain";
import { words } from "../words";

export function nameOf(customer: Customer): string {
  return (
    plainName(customer.name) ??
    (customer.address === null ? words.customer.nobody : formatAddress(customer.address))
  );
}

/** A phone number with gaps a person can read; any other address as it is. */
export function formatAddress(address: string): string {
  if (!/^\+\d{7,15}$/u.test(address)) return address;
  if (address.startsWith("+1") && address.length === 12) {
    return `+1 ${address.slice(2, 5)} ${address.slice(5, 8)} ${address.slice(8)}`;
  }
  return address.replace(/^(\+\d{2})(\d{3})(\d{3})/u, "$1 $2 $3 ");
}
