import { useTranslation } from "react-i18next";
import { Field, type FieldProps } from "../../ui/field.tsx";
import { isPin, PIN_LENGTH, pinDigits } from "./pin.ts";

export interface PinFieldProps
  extends Pick<FieldProps, "label" | "hint" | "trailing" | "className" | "autoFocus" | "ref"> {
  readonly pin: string;
  readonly onChange: (pin: string) => void;
  /** The form was sent off once: from then on a PIN that is none is pointed at. */
  readonly isTried: boolean;
}

/** Takes a room's PIN, out of whatever is typed or pasted. */
export function PinField({ pin, onChange, isTried, ...field }: PinFieldProps) {
  const { t } = useTranslation();
  return (
    <Field
      {...field}
      value={pin}
      inputMode="numeric"
      mono
      dir="ltr"
      maxLength={PIN_LENGTH}
      onChange={({ target }) => onChange(pinDigits(target.value))}
      problem={isTried && !isPin(pin) ? t("failures.invalid_pin") : undefined}
    />
  );
}
