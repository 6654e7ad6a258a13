"""``lk.<Tab>`` offers the product, and nothing of how it is made."""

from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

import labkit


def test_tab_offers_what_the_package_is_for() -> None:
    shell = InteractiveShell()
    shell.user_ns["lk"] = labkit
    with provisionalcompleter():
        offered = {one.text for one in shell.Completer.completions("lk.", 3)}
    assert offered == set(labkit.__all__)
