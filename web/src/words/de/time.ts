/** Zeiten und Zeitspannen. Die Zahlen sind schon geschrieben. */

import type { time as English } from "../en/time";

export const time: typeof English = {
  now: "jetzt",
  seconds: (count) => `${count} s`,
  minutes: (count) => `${count} Min.`,
  hours: (count) => `${count} Std.`,
  days: (count) => `${count} T.`,
  ago: (length) => `vor ${length}`,
  justNow: "gerade eben",
  today: "Heute",
  yesterday: "Gestern",
  day: (weekday, date) => `${weekday}, ${date}`,
};
