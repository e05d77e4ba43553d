import type { ParseKeys } from "i18next";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

/** Stands for the figure: in no name and no sentence. */
const FIGURE = "\u0000";

/**
 * A sentence about somebody with a figure that moves each second, for who cannot see it. The library puts the sentence
 * together once; fifty members have two hundred of them a second.
 */
export function useFigureLabel(key: ParseKeys<"app">, name: string, figure: string): (text: string) => string {
  const { t } = useTranslation();
  const sentence = useMemo(() => t(key, { replace: { name, [figure]: FIGURE } }), [t, key, name, figure]);
  return (text) => sentence.replace(FIGURE, () => text);
}
