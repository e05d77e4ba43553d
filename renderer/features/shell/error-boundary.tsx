import { Component, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../../ui/button.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";

interface Props {
  /** What is shown: something else is tried afresh. */
  readonly resetKey: string;
  readonly children: ReactNode;
}

/** Keeps what goes wrong in one screen from taking the window with it. */
export class ErrorBoundary extends Component<Props, { readonly isBroken: boolean }> {
  override state: { readonly isBroken: boolean } = { isBroken: false };

  static getDerivedStateFromError() {
    return { isBroken: true };
  }

  override componentDidUpdate(before: Props) {
    if (this.state.isBroken && before.resetKey !== this.props.resetKey) {
      this.setState({ isBroken: false });
    }
  }

  override render() {
    return this.state.isBroken ? <Broken /> : this.props.children;
  }
}

function Broken() {
  const { t } = useTranslation();
  const reload = <Button onClick={() => location.reload()}>{t("shell.reload")}</Button>;
  return (
    <EmptyState level={1} title={t("shell.brokenTitle")} actions={reload}>
      {t("shell.brokenDetail")}
    </EmptyState>
  );
}
