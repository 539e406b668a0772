"""CITATION.cff, which code hosts and archives read, agrees with the project."""

import re
import tomllib

from bench import __version__
from bench.contract.model import PROJECT


def test_the_citation_file_has_the_version_and_licence_of_the_project() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    text = (PROJECT / "CITATION.cff").read_text()
    said = dict(re.findall(r"^([a-z-]+): *(\S.*)$", text, re.MULTILINE))
    assert said["cff-version"] == "1.2.0"
    assert said["license"] == project["license"]
    assert said["version"] == __version__
    assert {"message", "title"} <= set(said)
    assert re.search(r"^authors:\n  - name: \S", text, re.MULTILINE)
