// Moments and amounts in the reader's language.

import { locale, word } from "./words.js";

const DAY = 86_400_000;
const date = (seconds) => new Date(seconds * 1000);

export const clock = (seconds) =>
  date(seconds).toLocaleTimeString(locale(), { hour: "2-digit", minute: "2-digit" });

export const dayKey = (seconds) => date(seconds).toDateString();

export function dayName(seconds) {
  const key = dayKey(seconds);
  if (key === new Date().toDateString()) return word("today");
  if (key === new Date(Date.now() - DAY).toDateString()) return word("yesterday");
  const isThisYear = date(seconds).getFullYear() === new Date().getFullYear();
  return date(seconds).toLocaleDateString(locale(),
    { day: "numeric", month: "long", ...(isThisYear ? {} : { year: "numeric" }) });
}

export function shortMoment(seconds) {
  if (dayKey(seconds) === new Date().toDateString()) return clock(seconds);
  return date(seconds).toLocaleDateString(locale(), { day: "numeric", month: "short" });
}

export function money({ total_amount: amount, currency }) {
  if (currency === "XTR") return `⭐ ${amount.toLocaleString(locale())}`;
  const format = new Intl.NumberFormat(locale(),
    { style: "currency", currency, currencyDisplay: "narrowSymbol" });
  return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}

export function fileSize(bytes) {
  if (bytes < 1024) return `${bytes} ${word("bytes")}`;
  if (bytes < 1024 ** 2) return `${(bytes / 1024).toFixed(1)} ${word("kilobytes")}`;
  return `${(bytes / 1024 ** 2).toFixed(1)} ${word("megabytes")}`;
}
