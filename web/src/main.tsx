/** The page's first step. */

import { render } from "preact";
import "./tokens.css";
import "./page.css";
import { App } from "./shell/app";
import { startPage } from "./shell/boot";

const root = document.getElementById("app");
if (root !== null) render(<App />, root);
startPage();
