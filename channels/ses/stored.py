"""Mail that a receipt rule put into S3, and how it is fetched.

https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-s3.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from channels.aws.signing import STORAGE, Keys, escaped, signed
from channels.http import NO_ANSWER, HttpRequest, HttpResponse
from channels.json_fields import Object, object_in, text_in
from channels.operations import Dialogue
from channels.outbound import Refused
from channels.refusals import Problem, refused

BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
REGION = re.compile(r"[a-z]{2}(?:-[a-z]{2,12}){1,3}-[0-9]{1,2}")
LONGEST_KEY = 1024
REGION_HEADER = "x-amz-bucket-region"

GONE = Problem("The content of this mail is no longer in its S3 bucket.")
LOGIN = Problem("S3 did not hand over the content of this mail: the access key may not read the bucket.")
NOT_NOW = Problem("S3 could not hand over the content of this mail; it will be tried again.", retryable=True)
NOT_GIVEN = Problem("S3 did not hand over the content of this mail.")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mail is."""

    bucket: str
    key: str


def place_of(post: Object) -> Place | None:
    """Return where the content of a received mail is; None when it is not in S3, or at no place that can be."""
    action = object_in(object_in(post, "receipt"), "action")
    bucket, key = text_in(action, "bucketName"), text_in(action, "objectKey")
    if action.get("type") != "S3" or bucket is None or key is None:
        return None
    usable = BUCKET.fullmatch(bucket) is not None and ".." not in bucket
    usable = usable and len(key) <= LONGEST_KEY and key.isprintable() and not {".", ".."} & set(key.split("/"))
    return Place(bucket, key) if usable else None


def fetch(place: Place, keys: Keys, now: datetime) -> Dialogue[Mapping[str, bytes] | Refused]:
    """Fetch a mail; the bucket's region is asked for where it is another one than the connection's."""
    response = yield _request(place, keys, now)
    region = response.headers.get(REGION_HEADER)
    if response.status in (301, 307, 400) and region != keys.region and REGION.fullmatch(region) is not None:
        response = yield _request(place, replace(keys, region=region), now)
    if response.status == 200:
        return {"raw": response.body}
    return refused(response, None, _trouble(response))


def domain_of(region: str) -> str:
    """Return what the host names of a region end with: China has a domain of its own."""
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"


def _request(place: Place, keys: Keys, now: datetime) -> HttpRequest:
    # The bucket stands in the path: one with a dot in its name has no certificate for a host name of its own.
    host = f"s3.{keys.region}.{domain_of(keys.region)}"
    request = HttpRequest("GET", f"https://{host}/{place.bucket}/{escaped(place.key, slashes=True)}")
    return signed(request, keys, STORAGE, now)


def _trouble(response: HttpResponse) -> Problem:
    if response.status in (404, 410):
        return GONE
    if response.status in (401, 403):
        return LOGIN
    return NOT_NOW if response.status == 429 or 500 <= response.status <= NO_ANSWER else NOT_GIVEN
