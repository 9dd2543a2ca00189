/** The frame around everything: skip link, menu, keys, connection. */

import { number } from "./forms";

export const shell = {
  skip: { thread: "Skip to the conversation", settings: "Skip to settings" },
  views: { label: "Views", all: "All", inbox: "Inbox", choose: "Choose a view" },
  connection: {
    waiting: (age: string) => `Reconnecting… showing what was true ${age} ago`,
    retry: "Try now",
  },
  live: {
    one: (name: string) => `New message from ${name}`,
    many: (count: number) => `${number(count)} new messages`,
  },
  menu: {
    account: "Account and settings",
    theme: "Theme",
    system: "System",
    light: "Light",
    dark: "Dark",
    language: "Language",
    languageError: "The texts of that language could not be loaded.",
    shortcuts: "Keyboard shortcuts",
    logout: "Log out",
    logoutError: "You are still logged in",
    logoutErrorWhy: "Postgate did not answer. Check your connection, then log out again.",
    apiKey: "API key",
  },
  shortcuts: {
    title: "Keyboard shortcuts",
    close: "Close",
    groups: {
      list: "In the list",
      conversation: "In a conversation",
      go: "Going places",
      page: "Everywhere",
    },
    then: "then",
    down: "Move down the list",
    up: "Move up the list",
    open: "Open the conversation",
    back: "Back to the list",
    details: "Show or hide details",
    inbox: "Go to the inbox",
    all: "Go to all conversations",
    settings: "Go to settings",
    sheet: "Show all keys",
  },
  person: { unknown: "Somebody who left", nobody: "Nobody", you: (name: string) => `${name} (you)` },
  error: {
    retry: "Try again",
    unreachable: "Postgate did not answer. Check your connection.",
  },
  simulate: {
    action: "Send sample messages",
    busy: "Sending…",
    error: "The sample messages could not be started.",
  },
};
