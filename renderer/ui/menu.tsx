import { Check } from "lucide-react";
import { DropdownMenu as Radix } from "radix-ui";
import { createContext, type ReactNode, useContext, useRef } from "react";
import { cx } from "./classes.ts";

/** Does something when the menu is gone and the focus is back on its button. */
const AfterClose = createContext<(task: () => void) => void>((task) => task());

export interface MenuProps {
  readonly trigger: ReactNode;
  readonly children: ReactNode;
  readonly label?: string;
}

/** A menu that hangs from a button. */
export function Menu({ trigger, children, label }: MenuProps) {
  const task = useRef<() => void>(undefined);
  const onCloseAutoFocus = () => {
    const waiting = task.current;
    task.current = undefined;
    // The focus goes back to the button only after this event.
    if (waiting) setTimeout(waiting);
  };
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          align="end"
          sideOffset={6}
          collisionPadding={8}
          aria-label={label}
          onCloseAutoFocus={onCloseAutoFocus}
          className="enter-rise z-60 max-h-(--radix-dropdown-menu-content-available-height) min-w-52 max-w-[min(22.5rem,calc(100vw-1rem))] overflow-y-auto rounded-[10px] bg-raised p-1 shadow-raised focus:outline-none"
        >
          <AfterClose
            value={(wanted) => {
              task.current = wanted;
            }}
          >
            {children}
          </AfterClose>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

export interface MenuItemProps {
  readonly icon?: ReactNode;
  readonly children: ReactNode;
  /** Beside the words, in quieter ink: what would be copied, or a shortcut. */
  readonly aside?: ReactNode;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  /** The dialog takes the focus from the menu's button, and gives it back there. */
  readonly opensDialog?: boolean;
  readonly onSelect: () => void;
}

export function MenuItem({ icon, children, aside, danger, disabled, opensDialog = false, onSelect }: MenuItemProps) {
  const afterClose = useContext(AfterClose);
  return (
    <Radix.Item
      disabled={disabled ?? false}
      onSelect={() => (opensDialog ? afterClose(onSelect) : onSelect())}
      className={cx(
        "flex min-h-8.5 select-none items-center gap-2.5 rounded-md px-2 py-1.5 outline-none",
        "data-[disabled]:opacity-45 data-[highlighted]:bg-hover",
        danger ? "text-bad-text" : "text-text",
      )}
    >
      <span className={cx("flex size-4 shrink-0 items-center justify-center", !danger && "text-text-3")}>{icon}</span>
      <span className={cx("grow", aside === undefined ? "min-w-0" : "shrink-0")}>{children}</span>
      {aside !== undefined && <span className="figures min-w-0 max-w-40 truncate text-text-3 text-xs">{aside}</span>}
    </Radix.Item>
  );
}

export interface MenuCheckItemProps extends Pick<MenuItemProps, "children" | "disabled"> {
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}

/** Something that is so, or is not. */
export function MenuCheckItem({ children, checked, disabled, onChange }: MenuCheckItemProps) {
  return (
    <Radix.CheckboxItem
      checked={checked}
      disabled={disabled ?? false}
      onCheckedChange={onChange}
      className="flex min-h-8.5 select-none items-center gap-2.5 rounded-md px-2 py-1.5 outline-none data-[disabled]:opacity-45 data-[highlighted]:bg-hover"
    >
      <span className="grid size-4 shrink-0 place-items-center rounded border border-line-strong data-[state=checked]:border-ink data-[state=checked]:bg-ink">
        <Radix.ItemIndicator>
          <Check size={13} strokeWidth={2.6} aria-hidden="true" />
        </Radix.ItemIndicator>
      </span>
      <span className="min-w-0 flex-1">{children}</span>
    </Radix.CheckboxItem>
  );
}

export function MenuSeparator() {
  return <Radix.Separator className="mx-1 my-1 h-px bg-line" />;
}
