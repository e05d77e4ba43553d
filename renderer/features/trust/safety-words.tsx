import { cx } from "../../ui/classes.ts";

export interface SafetyWordsProps {
  /** Eight words, with a space between each two. */
  readonly words: string;
  /** Whose they are, for who hears them. */
  readonly label: string;
  readonly size?: "medium" | "large";
}

/**
 * Words that stand for a key, to be read aloud: two rows of four, or four of two where there is little room. They are
 * English in every language, because both people must read the same.
 */
export function SafetyWords({ words, label, size = "medium" }: SafetyWordsProps) {
  return (
    <div className="@container">
      <ol
        dir="ltr"
        lang="en"
        aria-label={label}
        className={cx(
          "grid grid-cols-2 gap-x-3 gap-y-1 font-mono @[19rem]:grid-cols-4",
          size === "large" ? "text-lg leading-8" : "text-base",
        )}
      >
        {numbered(words).map(({ place, word }) => (
          <li key={place} className={cx("select-text", size === "large" && "font-medium")}>
            {word}
          </li>
        ))}
      </ol>
    </div>
  );
}

/** A word may come twice among eight: its place tells it apart. */
function numbered(words: string): readonly { readonly place: number; readonly word: string }[] {
  return words.split(" ").map((word, place) => ({ place, word }));
}
