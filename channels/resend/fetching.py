"""Getting a received mail: first where it is, then the mail itself.

https://resend.com/docs/api-reference/emails/retrieve-received-email
"""

import re
from collections.abc import Mapping

from channels.http import Headers, HttpRequest, HttpResponse
from channels.json_fields import object_in, text_in
from channels.operations import Dialogue
from channels.outbound import Refused
from channels.refusals import answer_of, refused
from channels.resend.problems import GONE, UNREACHABLE, problem_in

API = "https://api.resend.com"
EMAIL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
# A host by name, on the usual port, without a login: never an address within our own network.
DOWNLOAD = re.compile(r"https://(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}[a-z]{2,63}(?::443)?/[!-~]{0,4000}")


def fetch_raw(email_id: str | None, api_key: str) -> Dialogue[Mapping[str, bytes] | Refused]:
    """Fetch a mail as it was sent. The key goes to the API only, never to the host of the download."""
    if email_id is None or EMAIL_ID.fullmatch(email_id) is None:
        return {}
    headers = Headers.of({"accept": "application/json", "authorization": f"Bearer {api_key}"})
    found = yield HttpRequest("GET", f"{API}/emails/receiving/{email_id}", headers)
    if found.status != 200:
        return _refused(found)
    link = text_in(object_in(answer_of(found), "raw"), "download_url") or ""
    if DOWNLOAD.fullmatch(link) is None:
        return refused(found, "download_missing", GONE)
    mail = yield HttpRequest("GET", link)
    if mail.status != 200 or not mail.body.strip():
        return refused(mail, "download_failed", UNREACHABLE)  # links expire: the next try gets a new one
    return {"raw": mail.body}


def _refused(response: HttpResponse) -> Refused:
    """Say why; asking again costs nothing, so that trouble of theirs is always worth it."""
    if response.status >= 500:
        return refused(response, None, UNREACHABLE)
    answer = answer_of(response)
    code, problem = problem_in(response.status, answer)
    return refused(response, code, problem, answer.get("message"))
