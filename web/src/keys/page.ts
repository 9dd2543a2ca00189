/** What can be done anywhere: samples, colours, language, the way out. */

import { FlaskConical, Languages, LogOut, Monitor, Moon, Sun, type IconNode } from "lucide";
import { leave } from "../shell/logout";
import { sendSamples } from "../shell/simulate";
import { chooseTheme, theme, THEMES, type Theme } from "../shell/theme";
import { me } from "../store";
import { chooseLanguage, language, LANGUAGE_NAMES, LANGUAGES, words } from "../words";
import { register } from "./actions";

const THEME_ICONS: Readonly<Record<Theme, IconNode>> = { system: Monitor, light: Sun, dark: Moon };

register(
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
