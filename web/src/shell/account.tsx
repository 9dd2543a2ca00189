/** The small menu of what is not messages: samples, theme, keys, the way out. */

import {
  Bell,
  Contact,
  Ellipsis,
  FlaskConical,
  Keyboard,
  Languages,
  LogOut,
  Monitor,
  Moon,
  Settings,
  Sun,
  UserCheck,
  Volume2,
  type IconNode,
} from "lucide";
import { sheetOpen } from "../keys/sheet";
import { signal } from "@preact/signals";
import { may } from "../permissions";
import { go } from "../route";
import { me } from "../store";
import { Avatar } from "../ui/avatar";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icon";
import { Menu, MenuItem, MenuTitle } from "../ui/menu";
import { chooseLanguage, language, LANGUAGE_NAMES, LANGUAGES, words, type Language } from "../words";
import { announcement } from "./announce";
import { away, setAway } from "./availability";
import { leave } from "./logout";
import { notifies, sound, switchNotifications } from "./notify";
import { sendSamples } from "./simulate";
import { chooseTheme, theme, THEMES, type Theme } from "./theme";

const notificationsRefused = signal(false);

/** Said in a sheet: a click that seems to do nothing would be tried again and again. */
export function NotificationsRefused() {
  if (!notificationsRefused.value) return null;
  const close = () => {
    notificationsRefused.value = false;
  };
  return (
    <Dialog title={words.menu.notificationsOff} onClose={close}>
      <p class="dialog-text">{words.menu.notificationsOffWhy}</p>
    </Dialog>
  );
}

const THEME_ICONS: Readonly<Record<Theme, IconNode>> = { system: Monitor, light: Sun, dark: Moon };

interface AccountMenuProps {
  readonly side: "above" | "below";
}

export function AccountMenu({ side }: AccountMenuProps) {
  const align = side === "above" ? "start" : "end";
  return (
    <Menu label={words.menu.account} face={<Face />} class="account" side={side} align={align}>
      {away.value !== null && may("conversations.write") && (
        <Switch
          icon={UserCheck}
          name={words.menu.available}
          on={!away.value}
          onSwitch={(on) => void setAway(!on)}
        />
      )}
      {me.value?.demo === true && (
        <MenuItem onSelect={() => void sendSamples()}>
          <Icon of={FlaskConical} />
          {words.simulate.action}
        </MenuItem>
      )}
      <MenuItem
        onSelect={() => {
          go({ page: "customers", conversation: null, place: "" });
        }}
      >
        <Icon of={Contact} />
        {words.customers.title}
      </MenuItem>
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
      <Switch icon={Bell} name={words.menu.notifications} on={notifies()} onSwitch={(on) => void ask(on)} />
      <Switch
        icon={Volume2}
        name={words.menu.sound}
        on={sound.value}
        onSwitch={(on) => {
          sound.value = on;
        }}
      />
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
      {away.value === true && <span class="account-away">{words.menu.away}</span>}
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
    </MenuItem>
  );
}

interface SwitchProps {
  readonly icon: IconNode;
  readonly name: string;
  readonly on: boolean;
  readonly onSwitch: (on: boolean) => void;
}

function Switch({ icon, name, on, onSwitch }: SwitchProps) {
  return (
    <MenuItem
      kind="checkbox"
      checked={on}
      onSelect={() => {
        onSwitch(!on);
      }}
    >
      <Icon of={icon} />
      {name}
    </MenuItem>
  );
}

async function ask(on: boolean): Promise<void> {
  if ((await switchNotifications(on)) === "refused") notificationsRefused.value = true;
}
