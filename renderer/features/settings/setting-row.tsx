import { type ReactNode, useId } from "react";
import { Switch } from "../../ui/switch.tsx";

export interface SettingGroupProps {
  readonly title: string;
  readonly detail?: ReactNode;
  readonly children: ReactNode;
}

/** Settings that belong together, under a heading. */
export function SettingGroup({ title, detail, children }: SettingGroupProps) {
  return (
    <section className="mb-7">
      <h2 className="font-medium">{title}</h2>
      {detail !== undefined && <p className="mt-0.5 text-pretty text-sm text-text-2">{detail}</p>}
      <div className="card mt-2.5 divide-y divide-line">{children}</div>
    </section>
  );
}

export interface SettingRowProps {
  readonly label: string;
  readonly detail?: ReactNode;
  /** @param id of the control, which the label names. */
  readonly control: (id: string) => ReactNode;
  readonly children?: ReactNode;
}

/** One setting: what it is, what it does, and its control at the end of the line. */
export function SettingRow({ label, detail, control, children }: SettingRowProps) {
  const id = useId();
  return (
    <div className="px-4 py-3">
      <div className="flex flex-wrap items-center gap-x-6 gap-y-2">
        <div className="min-w-40 flex-1">
          <label htmlFor={id} className="block">
            {label}
          </label>
          {detail !== undefined && <p className="text-pretty text-sm text-text-2">{detail}</p>}
        </div>
        {control(id)}
      </div>
      {children}
    </div>
  );
}

export interface SwitchRowProps extends Pick<SettingRowProps, "label" | "detail"> {
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}

export function SwitchRow({ checked, onChange, ...row }: SwitchRowProps) {
  return <SettingRow {...row} control={(id) => <Switch id={id} checked={checked} onChange={onChange} />} />;
}
