import { useActions } from "../store/context.ts";

/** For a menu, which is gone before it could say that it copied. */
export function useCopyWithToast(): (text: string) => void {
  const { toast, tellFailure } = useActions();
  return (text) => {
    navigator.clipboard.writeText(text).then(
      () => toast("plain", { kind: "said", key: "common.copied" }),
      () => tellFailure({ code: "clipboard", message: "the browser refused to copy" }),
    );
  };
}
