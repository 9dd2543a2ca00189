"""What a scene is."""

from collections.abc import Awaitable, Callable

from tests.browser.site import Site
from tests.browser.window import Window

#: Leads a window from the inbox to one screen, and returns when all of it is there. Its name is the picture's.
Scene = Callable[[Window, Site], Awaitable[None]]
