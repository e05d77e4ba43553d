import type { ParseKeys } from "i18next";
import { useTranslation } from "react-i18next";
import { failureText } from "../../i18n/failures.ts";
import { useActions, useModel } from "../../store/context.ts";
import type { Toast as ToastModel } from "../../store/model.ts";
import { Toast } from "../../ui/toast.tsx";

const ACTIONS = { undo: "common.undo", show: "common.show", letIn: "door.letIn" } as const;

export function Toasts() {
  const toasts = useModel((model) => model.toasts);
  const { dismissToast } = useActions();
  const { t } = useTranslation();
  const words = ({ text }: ToastModel) =>
    text.kind === "failure" ? failureText(t, text.failure) : t(text.key as ParseKeys<"app">, { ...text.values });
  return toasts.map((toast) => (
    <Toast
      key={toast.id}
      tone={toast.tone}
      text={words(toast)}
      {...(toast.action && { action: { label: t(ACTIONS[toast.action.kind]), onSelect: toast.action.run } })}
      onClose={() => dismissToast(toast.id)}
    />
  ));
}
