/** Until when something can be put off, in times that make sense to people. */

import { words } from "../words";

export interface Until {
  readonly name: string;
  readonly time: Date;
}

const HOUR = 3_600_000;
const MORNING = 9;

/** The choices at this moment, the soonest first. */
export function untilChoices(now: Date): readonly Until[] {
  const { until } = words;
  return [
    { name: until.hour, time: new Date(now.getTime() + HOUR) },
    { name: until.later, time: new Date(now.getTime() + 4 * HOUR) },
    { name: until.tomorrow, time: morningIn(1, now) },
    { name: until.monday, time: morningIn(((7 - now.getDay()) % 7) + 1, now) },
    { name: until.week, time: morningIn(7, now) },
  ];
}

function morningIn(days: number, now: Date): Date {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, MORNING);
}
