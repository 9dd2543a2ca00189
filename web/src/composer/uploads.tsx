/** The files that go with a reply. */

import { FileText, X } from "lucide";
import { Icon } from "../ui/icon";
import { marked } from "../ui/plain";
import { fileSize } from "../ui/size";
import { words } from "../words";
import { keepSoon } from "./drafts";
import { detach, filesOf, type Upload } from "./files";

export function Uploads({ of }: { readonly of: string }) {
  const files = filesOf(of);
  if (files.length === 0) return null;
  return (
    <ul class="composer-uploads">
      {files.map((one) => (
        <li key={one.key} class={one.failure === null ? "composer-upload" : "composer-upload failed"}>
          <Icon of={FileText} />
          <span class="composer-upload-name">{marked(one.name)}</span>
          <span class="composer-upload-state" role={one.failure === null ? undefined : "alert"}>
            {uploadState(one)}
          </span>
          <button
            type="button"
            class="button quiet square small"
            aria-label={words.composer.removeFile(one.name)}
            onClick={() => {
              detach(of, one.key);
              keepSoon(of);
            }}
          >
            <Icon of={X} size={14} />
          </button>
        </li>
      ))}
    </ul>
  );
}

/** How far a file is, or why it did not get there. */
export function uploadState({ id, failure, size, name }: Upload): string {
  if (failure !== null) return words.composer.uploadFailed(name, failure);
  return id === null ? words.composer.uploading : fileSize(size);
}
