"""What all models of answers, entries of the log and frames have in common."""

from pydantic import BaseModel, ConfigDict


class Described(BaseModel):
    """Something that a document describes. What checks it is built when it is first used: most processes never do."""

    model_config = ConfigDict(defer_build=True)
