import { useMemo } from "react";
import { useTranslation } from "react-i18next";

/** Numbers, sizes and times as the language writes them. */
export interface Formats {
  number(value: number): string;
  /** A size: "1.2 MB". Decimal units, as networks count. */
  bytes(count: number): string;
  /** Bytes a second: "1.2 MB/s". */
  rate(bytesPerSecond: number): string;
  /** "12 ms", "0.8 ms". */
  milliseconds(ms: number): string;
  /** A share of a hundred: "0.4%", "12%". */
  percent(share: number): string;
  /** "5 minutes ago", "in 3 seconds". */
  relative(at: number, now: number): string;
  /** "14:05:09" */
  time(at: number): string;
  /** "Saturday, 21 November" */
  day(at: number): string;
  /** "Ana, Ben, and Cem" */
  list(items: readonly string[]): string;
  /** "Ana, Ben, or Cem" */
  choice(items: readonly string[]): string;
}

/** From kilobytes on: single bytes are noise, and "0 byte" is no word. */
const UNITS = ["kilobyte", "megabyte", "gigabyte", "terabyte"];

export function formatsFor(language: string): Formats {
  const plain = new Intl.NumberFormat(language);
  // Arabic writes "kilobyte" out where other languages have a sign for it.
  const unitDisplay = language.startsWith("ar") ? "narrow" : "short";
  const units = new Map<string, Intl.NumberFormat>();
  const unit = (name: string, digits: number) => {
    const key = `${name} ${digits}`;
    const known =
      units.get(key) ??
      new Intl.NumberFormat(language, {
        style: "unit",
        unit: name,
        unitDisplay,
        maximumFractionDigits: digits,
      });
    units.set(key, known);
    return known;
  };
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const time = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const day = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long" });
  const list = new Intl.ListFormat(language, { type: "conjunction" });
  const choice = new Intl.ListFormat(language, { type: "disjunction" });
  const scaled = (value: number, suffix: string) => {
    let size = value / 1000;
    let step = 0;
    while (size >= 1000 && step < UNITS.length - 1) {
      size /= 1000;
      step++;
    }
    // Three figures are as much as an eye takes in.
    const digits = size >= 100 ? 0 : 1;
    return unit(`${UNITS[step]}${suffix}`, digits).format(size);
  };
  return {
    number: (value) => plain.format(value),
    bytes: (count) => scaled(count, ""),
    rate: (bytesPerSecond) => scaled(bytesPerSecond, "-per-second"),
    milliseconds: (ms) => unit("millisecond", ms < 10 ? 1 : 0).format(ms),
    percent: (share) => unit("percent", share < 1 ? 1 : 0).format(share),
    relative(at, now) {
      const seconds = Math.round((at - now) / 1000);
      const size = Math.abs(seconds);
      if (size < 60) return relative.format(seconds, "second");
      if (size < 3_600) return relative.format(Math.round(seconds / 60), "minute");
      if (size < 86_400) return relative.format(Math.round(seconds / 3_600), "hour");
      return relative.format(Math.round(seconds / 86_400), "day");
    },
    time: (at) => time.format(at),
    day: (at) => day.format(at),
    list: (items) => list.format(items),
    choice: (items) => choice.format(items),
  };
}

/** For views: made anew when the language changes. */
export function useFormats(): Formats {
  const { i18n } = useTranslation();
  const language = i18n.language;
  return useMemo(() => formatsFor(language), [language]);
}
