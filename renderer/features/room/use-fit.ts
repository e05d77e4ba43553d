import { type RefObject, useLayoutEffect, useState } from "react";

/**
 * How a card's width lets a row be laid out (`COLUMNS` in member-columns.tsx, which has the same steps):
 * everything under the name, columns of their own, or the address in one too.
 */
export type Fit = "stacked" | "columns" | "wide";

const COLUMNS_FROM_REM = 34;
const WIDE_FROM_REM = 48;
/** What stands beside the card in a window that has room for it, about: a guess for the first drawing. */
const BESIDE_REM = 20;

/**
 * Which of the layouts is in sight. The style sheet alone could choose, and does for the frame until this is known; but
 * then all of them would be drawn, and drawn again each second for each of fifty members.
 */
export function useFit(card: RefObject<HTMLElement | null>): Fit {
  const [fit, setFit] = useState(() => fitOf(innerWidth - BESIDE_REM * rem()));
  useLayoutEffect(() => {
    const element = card.current;
    if (!element) return;
    // The width that the style sheet's container queries ask for: the content's.
    const measure = () => element.clientWidth > 0 && setFit(fitOf(element.clientWidth));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [card]);
  return fit;
}

function fitOf(width: number): Fit {
  const rems = width / rem();
  return rems < COLUMNS_FROM_REM ? "stacked" : rems < WIDE_FROM_REM ? "columns" : "wide";
}

function rem(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
}
