/** Sound and films, played in place. What the browser can't play is a card. */

import { useState } from "preact/hooks";
import type { Attachment } from "../../model/types";
import { contentOf } from "./address";
import { Card, Save } from "./card";
import { duration, title } from "./facts";
import { fitted } from "./fitted";

export function Player({ of }: { readonly of: Attachment }) {
  const [broken, setBroken] = useState(false);
  if (broken) return <Card of={of} />;
  const give = () => {
    setBroken(true);
  };
  return of.mime_type?.startsWith("video/") ? (
    <Video of={of} onError={give} />
  ) : (
    <Audio of={of} onError={give} />
  );
}

interface MediaProps {
  readonly of: Attachment;
  readonly onError: () => void;
}

function Audio({ of, onError }: MediaProps) {
  return (
    <figure class="attachment-audio">
      <figcaption>
        <span class="attachment-name">{title(of)}</span>
        {of.duration_ms ? <span class="attachment-facts">{duration(of.duration_ms)}</span> : null}
        <Save of={of} />
      </figcaption>
      {/* eslint-disable-next-line jsx-a11y/media-has-caption -- what people record has none */}
      <audio controls preload="none" src={contentOf(of)} aria-label={title(of)} onError={onError} />
    </figure>
  );
}

function Video({ of, onError }: MediaProps) {
  const size = fitted(of);
  return (
    // eslint-disable-next-line jsx-a11y/media-has-caption -- what people film has none
    <video
      class="attachment-video"
      controls
      playsInline
      preload="metadata"
      src={contentOf(of)}
      aria-label={title(of)}
      style={{ width: `${size.width}px`, aspectRatio: `${size.width} / ${size.height}` }}
      onError={onError}
    />
  );
}
