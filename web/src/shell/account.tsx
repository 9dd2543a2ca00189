/** The small menu of what is not messages: samples, theme, keys, the way out. */

import {
  Check,
  Ellipsis,
  FlaskConical,
  Keyboard,
  Languages,
  LogOut,
  Monitor,
  Moon,
  Settings,
  Sun,
  type IconNode,
} from "lucide";
import { sheetOpen } from "../keys/sheet";
import { go } from "../route";
import { me } from "../store";
import { Avatar } from "../ui/avatar";
import { Icon } from "../ui/icon";
import { Menu, MenuItem, MenuTitle } from "../ui/menu";
import { chooseLanguage, language, LANGUAGE_NAMES, LANGUAGES, words, type Language } from "../words";
import { announcement } from "./announce";
import { leave } from "./logout";
import { sendSamples } from "./simulate";
import { chooseTheme, theme, THEMES, type Theme } from "./theme";

const THEME_ICONS: Readonly<Record<Theme, IconNode>> = { system: Monitor, light: Sun, dark: Moon };

interface AccountMenuProps {
  readonly side: "above" | "below";
}

export function AccountMenu({ side }: AccountMenuProps) {
  const align = side === "above" ? "start" : "end";
  return (
    <Menu label={words.menu.account} face={<Face />} class="account" side={side} align={align}>
      {me.value?.demo === true && (
        <MenuItem onSelect={() => void sendSamples()}>
          <Icon of={FlaskConical} />
          {words.simulate.action}
        </MenuItem>
      )}
      <MenuItem
        onSelect={() => {
          go({ page: "settings", conversation: null });
        }}
      >
        <Icon of={Settings} />
        {words.settings.title}
      </MenuItem>
      <MenuItem
        onSelect={() => {
          sheetOpen.value = true;
        }}
      >
        <Icon of={Keyboard} />
        {words.menu.shortcuts}
        <kbd>?</kbd>
      </MenuItem>
      <MenuTitle>{words.menu.theme}</MenuTitle>
      {THEMES.map((one) => (
        <ThemeItem key={one} of={one} />
      ))}
      <MenuTitle>{words.menu.language}</MenuTitle>
      {LANGUAGES.map((one) => (
        <LanguageItem key={one} of={one} />
      ))}
      <MenuTitle>{me.value?.user?.email ?? words.menu.apiKey}</MenuTitle>
      <MenuItem onSelect={() => void leave()}>
        <Icon of={LogOut} />
        {words.menu.logout}
      </MenuItem>
    </Menu>
  );
}

function Face() {
  const user = me.value?.user;
  const name = user?.name ?? user?.email ?? words.menu.apiKey;
  return (
    <>
      <Avatar id={user?.id ?? "key"} name={name} />
      <span class="account-name">{name}</span>
      <Icon of={Ellipsis} class="account-more" />
    </>
  );
}

function ThemeItem({ of }: { readonly of: Theme }) {
  const chosen = theme.value === of;
  return (
    <MenuItem
      checked={chosen}
      onSelect={() => {
        chooseTheme(of);
      }}
    >
      <Icon of={THEME_ICONS[of]} />
      {words.menu[of]}
      {chosen && <Icon of={Check} class="mark" />}
    </MenuItem>
  );
}

function LanguageItem({ of }: { readonly of: Language }) {
  const chosen = language.value === of;
  const choose = async () => {
    try {
      await chooseLanguage(of);
    } catch {
      announcement.value = words.menu.languageError; // its file could not be fetched: nothing has changed
    }
  };
  return (
    <MenuItem checked={chosen} onSelect={() => void choose()}>
      <Icon of={Languages} />
      <span lang={of}>{LANGUAGE_NAMES[of]}</span>
      {chosen && <Icon of={Check} class="mark" />}
    </MenuItem>
  );
}
