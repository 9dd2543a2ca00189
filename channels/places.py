"""Points on the map, as several providers write them."""

from channels.events import Location
from channels.json_fields import Object, number_in, text_in


def place_in(coordinates: Object, words: Object) -> Location | None:
    """Return a location; None when its degrees are missing or not on the globe.

    Args:
        coordinates: the object with ``latitude`` and ``longitude``.
        words: the object with ``name``, ``address`` and ``url``, any of which may be missing.
    """
    latitude, longitude = number_in(coordinates, "latitude"), number_in(coordinates, "longitude")
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return None
    name, address, url = (text_in(words, key) for key in ("name", "address", "url"))
    return Location(latitude=latitude, longitude=longitude, name=name, address=address, url=url)
