/** What can be done anywhere: samples, colours, language, the way out. */

import {
  FlaskConical,
  Languages,
  LogOut,
  Monitor,
  Moon,
  Sun,
  UserCheck,
  UserMinus,
  type IconNode,
} from "lucide";
import { may } from "../permissions";
import { away, setAway } from "../shell/availability";
import { leave } from "../shell/logout";
import { sendSamples } from "../shell/simulate";
import { chooseTheme, theme, THEMES, type Theme } from "../shell/theme";
import { me } from "../store";
import { chooseLanguage, language, LANGUAGE_NAMES, LANGUAGES, words } from "../words";
import { register } from "./actions";

const THEME_ICONS: Readonly<Record<Theme, IconNode>> = { system: Monitor, light: Sun, dark: Moon };

register(
  {
    id: "page.away",
    group: "page",
    words: () => words.menu.goAway,
    icon: UserMinus,
    when: () => away.value === false && may("conversations.write"),
    run: () => void setAway(true),
  },
  {
    id: "page.available",
    group: "page",
    words: () => words.menu.comeBack,
    icon: UserCheck,
    when: () => away.value === true && may("conversations.write"),
    run: () => void setAway(false),
  },
  {
    id: "page.samples",
    group: "page",
    words: () => words.simulate.action,
    icon: FlaskConical,
    when: () => me.value?.demo === true,
    run: () => void sendSamples(),
  },
  ...THEMES.map((one) => ({
    id: `page.theme.${one}`,
    group: "page" as const,
    words: () => `${words.menu.theme}: ${words.menu[one]}`,
    icon: THEME_ICONS[one],
    when: () => theme.value !== one,
    run: () => {
      chooseTheme(one);
    },
  })),
  ...LANGUAGES.map((one) => ({
    id: `page.language.${one}`,
    group: "page" as const,
    words: () => `${words.menu.language}: ${LANGUAGE_NAMES[one]}`,
    icon: Languages,
    when: () => language.value !== one,
    run: () => void chooseLanguage(one),
  })),
  {
    id: "page.logout",
    group: "page",
    words: () => words.menu.logout,
    icon: LogOut,
    run: () => void leave(),
  },
);
