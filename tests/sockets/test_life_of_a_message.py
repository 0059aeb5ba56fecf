"""DEVELOPERS.md says which files a message passes on its way from the composer to the other window. They are traced."""

import re
from pathlib import Path

from tests.people import HTMX, fresh_key, set_up, sign_in
from tests.servers import ROOT, Server

WORD = "zyxwvut"


class TracedServer(Server):
    @property
    def passed(self) -> Path:
        return self.folder / "passed"

    @property
    def command(self) -> list[str]:
        python, _, _, *arguments = super().command
        return [python, "-m", "tests.traced", WORD, str(self.passed), *arguments]


def test_the_table_names_every_file_once(tmp_path: Path) -> None:
    server = TracedServer(tmp_path).start()
    try:
        ana = set_up(server.url)
        again = sign_in(server.url, ana.username)
        with ana.live(1) as here, again.live(1) as there:
            for each in (here, there):
                each.sees('id="heartbeat"')
            form = {"key": fresh_key(), "body": f"hello {WORD}", "outbox": "entered", "since": "0"}
            assert ana.http.post("/rooms/1/messages", data=form, headers=HTMX).status_code == 201
            for each in (here, there):
                each.sees(WORD)
    finally:
        server.terminate()
    section = (ROOT / "DEVELOPERS.md").read_text().partition("## The life of a message")[2].partition("\n## ")[0]
    table = "\n".join(line for line in section.splitlines() if line.startswith("|"))
    named = re.findall(r"`([a-z_]+/[a-z_/]+\.py)`", table)
    assert sorted(named) == sorted(server.passed.read_text().split())
    assert f"\n{len(named)} files, of which the {table.count('**`')} in bold " in section
