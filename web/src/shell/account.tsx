/** The small menu of what is not messages: samples, theme, keys, the way out. */

import {
  Check,
  Ellipsis,
  FlaskConical,
  Keyboard,
  LogOut,
  Monitor,
  Moon,
  Settings,
  Sun,
  type IconNode,
} from "lucide";
import { go } from "../route";
import { me } from "../store";
import { Avatar } from "../ui/avatar";
import { Icon } from "../ui/icon";
import { Menu, MenuItem, MenuTitle } from "../ui/menu";
import { words } from "../words";
import { leave } from "./logout";
import { sheetOpen } from "./sheet";
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
          go({ page: "settings", conversation: null, place: "" });
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
