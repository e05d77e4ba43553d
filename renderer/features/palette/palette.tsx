import { Command, defaultFilter } from "cmdk";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useActions, useModel } from "../../store/context.ts";
import { PaletteFrame } from "../../ui/palette-frame.tsx";
import { commandsOf } from "./commands.tsx";

/** Everything there is to do, by name: Ctrl+K or Cmd+K from anywhere. */
export default function Palette({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation();
  const actions = useActions();
  const host = useModel((model) => model.host);
  const groups = useMemo(() => (host ? commandsOf({ t, host, actions }) : []), [t, host, actions]);
  return (
    <PaletteFrame label={t("palette.title")} onClose={onClose}>
      <Command label={t("palette.title")} filter={byWords} loop className="flex min-h-0 flex-col">
        <Command.Input
          placeholder={t("palette.placeholder")}
          className="h-13 shrink-0 border-line border-b bg-transparent px-4.5 text-lg outline-none"
        />
        <Command.List className="min-h-0 scroll-py-2 overflow-y-auto p-2">
          <Command.Empty className="px-3 py-8 text-center text-text-2">{t("palette.nothing")}</Command.Empty>
          {groups.map(({ heading, commands }) => (
            <Command.Group
              key={heading}
              heading={heading}
              className="[&>[cmdk-group-heading]]:px-2.5 [&>[cmdk-group-heading]]:pt-2 [&>[cmdk-group-heading]]:pb-1 [&>[cmdk-group-heading]]:text-text-3 [&>[cmdk-group-heading]]:text-xs"
            >
              {commands.map(({ id, label, detail, icon, keywords = [], run }) => (
                <Command.Item
                  key={id}
                  value={id}
                  keywords={[label, ...keywords]}
                  onSelect={() => {
                    onClose();
                    run();
                  }}
                  className="flex h-10 items-center gap-3 rounded-control px-2.5 data-[selected=true]:bg-hover"
                >
                  <span aria-hidden="true" className="text-text-3">
                    {icon}
                  </span>
                  <span className="min-w-0 flex-1 truncate">
                    <bdi>{label}</bdi>
                  </span>
                  {detail !== undefined && (
                    <span className="figures min-w-0 truncate text-sm text-text-3" dir="ltr">
                      {detail}
                    </span>
                  )}
                </Command.Item>
              ))}
            </Command.Group>
          ))}
        </Command.List>
      </Command>
    </PaletteFrame>
  );
}

/** By what is written there: an id holds a key, and most words are somewhere among its letters. */
function byWords(_id: string, search: string, words: string[] = []): number {
  return defaultFilter(words.join(" "), search);
}
