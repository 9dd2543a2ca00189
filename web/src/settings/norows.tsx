/** What stands where the rows of a list would: that they are read, could not be read, or why there are none. */

import { RefreshCw, WifiOff, type IconNode } from "lucide";
import { go } from "../route";
import { Delayed } from "../ui/delayed";
import { Icon } from "../ui/icon";
import { Notice } from "../ui/notice";
import { words } from "../words";

interface NoRowsProps {
  readonly icon: IconNode;
  readonly state: "loading" | "ready" | "failed";
  /** Whether the address narrows the list, which can then be undone. */
  readonly narrowed: boolean;
  readonly said: {
    readonly loading: string;
    readonly error: string;
    readonly empty: string;
    readonly emptyWhy: string;
    readonly noMatch: string;
    readonly noMatchWhy: string;
  };
  readonly onAgain: () => void;
}

export function NoRows({ icon, state, narrowed, said, onAgain }: NoRowsProps) {
  switch (state) {
    case "failed":
      return (
        <Notice icon={WifiOff} title={said.error} alert>
          <button type="button" class="button" onClick={onAgain}>
            <Icon of={RefreshCw} />
            {words.error.retry}
          </button>
        </Notice>
      );
    case "loading":
      return (
        <Delayed>
          <Notice icon={RefreshCw} title={said.loading} />
        </Delayed>
      );
    case "ready":
      return (
        <Notice icon={icon} title={narrowed ? said.noMatch : said.empty}>
          <p>{narrowed ? said.noMatchWhy : said.emptyWhy}</p>
          {narrowed && (
            <button
              type="button"
              class="button"
              onClick={() => {
                go({ query: "" });
              }}
            >
              {words.filter.clear}
            </button>
          )}
        </Notice>
      );
  }
}
