/** Every file that registers actions, each by the line that imports it. */

import "./navigation";
import "./page";
import "../palette/open";
import "../search/actions";
import "../composer/actions";
import "../thread/actions/keys";
