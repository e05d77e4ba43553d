/** First strong isolate … pop: Unicode's way of saying "this bit has its own direction" (UAX #9). */
const FSI = "\u2068";
const PDI = "\u2069";
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

/**
 * A name inside of a sentence, kept from turning the words around it. Only where one of the two can be written from
 * right to left: elsewhere the marks would only get in the way of copying and searching.
 */
export function isolated(value: string): string {
  const text = String(value);
  const isMixed = RIGHT_TO_LEFT.test(text) || document.documentElement.dir === "rtl";
  return isMixed ? `${FSI}${text}${PDI}` : text;
}
