"""Personal data in texts, as the API shows it: what is looked for, what was found."""

from typing import Annotated, Literal

from pydantic import Field

from gateway.model.described import Described
from gateway.model.fields import ConversationId, CustomerId, MessageId, Timestamp, UserId, public_id
from gateway.pii.finding import Kind

PatternId = Annotated[str, public_id("pat")]
ResultId = Annotated[str, public_id("pii")]
#: Each ``Kind`` but the workspace's own patterns; a test holds them together.
BuiltIn = Literal["email", "phone", "postal_address", "national_id", "payment_card", "iban"]
ReviewState = Literal["open", "confirmed", "dismissed"]
Confidence = Annotated[float, Field(ge=0, le=1, description="How likely it is that, from 0 to 1.")]


class PiiRule(Described):
    """A kind of personal data that is known."""

    kind: BuiltIn
    enabled: bool
    countries: list[str] | None = Field(
        description="Of national ids: those of these countries only. Of phone numbers: where numbers without a country"
        " code may be of. null: what is usual."
    )
    known_countries: list[str] | None = Field(description="Which there are to choose from; null: any, or none.")


class PiiPattern(Described):
    """A pattern of the workspace's own."""

    id: PatternId
    name: str
    pattern: str
    enabled: bool


class PiiRules(Described):
    """All that is looked for."""

    rules: list[PiiRule]
    patterns: list[PiiPattern]


class PiiFinding(Described):
    """A place in a text that was tried."""

    kind: Kind
    detector: str
    start: int = Field(description="In Unicode code points.")
    end: int = Field(description="Behind the last one.")
    confidence: Confidence
    sample: str


class PiiTrial(Described):
    """What would be found in a text."""

    findings: list[PiiFinding]
    masked: str = Field(description="The text with all of them hidden.")


class PiiResult(Described):
    """Something that was found. The text itself is not kept with it: its place is, and a masked sample."""

    id: ResultId
    kind: Kind
    detector: str = Field(description="More exactly: a country's id, a card's issuer; of a pattern its id.")
    message_id: MessageId | None = Field(description="The message or note that it stands in; null: a customer.")
    conversation_id: ConversationId | None
    customer_id: CustomerId | None = Field(description="The customer; null: a message.")
    field: str = Field(description="text, subject, name, …; custom_fields.KEY; of a customer's note its id.")
    start: int = Field(description="In Unicode code points of that field.")
    end: int = Field(description="Behind the last one.")
    confidence: Confidence
    sample: str
    state: ReviewState
    reviewed_by: UserId | None
    reviewed_at: Timestamp | None
    created_at: Timestamp


class PiiResultPage(Described):
    """A page of results, the newest first."""

    data: list[PiiResult]
    next_cursor: str | None
