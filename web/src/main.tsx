/** The page's first step. */

import { render } from "preact";
import "./tokens.css";
import "./page.css";
import { App } from "./shell/app";
import { startPage } from "./shell/boot";
import { startWords } from "./words";

// Without the texts of another language the page speaks English.
void startWords()
  .catch(() => undefined)
  .then(() => {
    const root = document.getElementById("app");
    if (root !== null) render(<App />, root);
    startPage();
  });
