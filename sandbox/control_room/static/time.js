// Moments and spans in the reader's language, on this machine's clock or on a workflow's own.

import { locale } from "./words.js";

const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

// The largest unit that makes sense: 29 days, 3 hours, 40 seconds.
export function span(seconds) {
  const length = Math.max(0, Math.round(seconds));
  const [unit, size] = UNITS.find(([, each]) => length >= each * (each === 86400 ? 1 : 1.5)) ?? UNITS[3];
  return new Intl.NumberFormat(locale(), { style: "unit", unit, unitDisplay: "long" })
    .format(Math.round(length / size));
}

export function moment(iso) {
  return new Intl.DateTimeFormat(locale(), {
    day: "numeric", month: "long", hour: "2-digit", minute: "2-digit",
  }).format(new Date(iso));
}

// Seconds from now on the workflow's own clock until a moment; negative when it has passed.
export const untilOn = (workflow, iso) =>
  (Date.parse(iso) - Date.now()) / 1000 - workflow.ahead_seconds;
