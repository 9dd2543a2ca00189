/** Times and lengths of time. The numbers come already written. */

export const time = {
  now: "now",
  seconds: (count: string) => `${count} s`,
  minutes: (count: string) => `${count} min`,
  hours: (count: string) => `${count} h`,
  days: (count: string) => `${count} d`,
  ago: (length: string) => `${length} ago`,
  justNow: "just now",
  today: "Today",
  yesterday: "Yesterday",
  day: (weekday: string, date: string) => `${weekday} ${date}`,
};
