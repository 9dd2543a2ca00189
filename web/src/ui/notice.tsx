/** What a place says when it has nothing to show: why, and the one next step. */

import type { ComponentChildren } from "preact";
import type { IconNode } from "lucide";
import { Icon } from "./icon";
import "./notice.css";

interface NoticeProps {
  readonly icon: IconNode;
  readonly title: string;
  readonly alert?: boolean;
  readonly children?: ComponentChildren;
}

export function Notice({ icon, title, alert = false, children }: NoticeProps) {
  return (
    <div class="notice" role={alert ? "alert" : undefined}>
      <span class="notice-icon">
        <Icon of={icon} size={20} />
      </span>
      <p class="notice-title">{title}</p>
      {children}
    </div>
  );
}
