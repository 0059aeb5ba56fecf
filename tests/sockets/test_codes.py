"""The page opens its socket again on the codes that say so, and close codes stand in their table alone."""

import json
import re
from pathlib import Path

from webapp.sockets.codes import Close

ROOT = Path(__file__).resolve().parents[2]
BARE_CODE = re.compile(r"(?:code=|\"code\": |\b(?:stop|close|fail|_refuse)\()(\d{4})\b")


def test_the_page_comes_back_on_the_codes_that_say_so() -> None:
    config = re.search(r"name=\"htmx-config\" content='(.*?)'", (ROOT / "templates/app.html").read_text())
    assert config is not None
    reconnecting = json.loads(config[1])["ws"]["reconnectCodes"]
    assert {code for code in Close if code in reconnecting} == {Close.LOST, Close.COME_BACK, Close.AGAIN_LATER}


def test_close_codes_stand_in_their_table_alone() -> None:
    assert BARE_CODE.search('"code": 1006')
    for path in (ROOT / "webapp").rglob("*.py"):
        assert not BARE_CODE.search(path.read_text()), path
