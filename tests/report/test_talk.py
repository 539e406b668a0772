"""The talk: made of the data alone, and not made at all where a number is gone."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from helpers_bench import thorough_but
from made_up_topologies import surveyed
from markupsafe import Markup

from bench.contract.model import IMPLEMENTATIONS, PROJECT
from bench.errors import NoMiddleError, ResultsError, UsageError
from bench.report.numbers.citation_check import check, citations
from bench.report.talk import deck, listings
from bench.report.talk.deck import Assets, browser, fetch, print_pdf, render
from bench.report.talk.material import FIGURES, NUMBERS, Material
from bench.report.talk.topologies import CLIENT, TOPOLOGIES, Picture, svg
from bench.report.talk_claims.conditions import COUNTS
from bench.report.talk_claims.offers import read_offers
from bench.report.talk_claims.rules import VERDICTS
from bench.surveys.languages.tally import FILE as LANGUAGES
from bench.surveys.topologies.tally import FILE as TOPOLOGIES_FILE

REPORTS = PROJECT / "reports"
STUB = Assets(Markup("/* show */"), Markup("/* notes */"), Markup(".reveal{}"))
ENTRIES: list[dict[str, Any]] = json.loads((REPORTS / NUMBERS).read_text())


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    """A reports folder whose numbers may be changed."""
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / FIGURES).symlink_to(REPORTS / FIGURES)
    write(folder, ENTRIES)
    return folder


def write(folder: Path, entries: list[dict[str, Any]]) -> None:
    (folder / NUMBERS).write_text(json.dumps(entries))


@cache
def made() -> str:
    return render(Material(REPORTS), STUB)


def slide(page: str, name: str) -> str:
    return page.split(f'<section id="{name}">', 1)[1].split("</section>", 1)[0]


def asked_for() -> list[str]:
    """Return the ids that the slides ask for, but for levels: some runs lack them."""
    names = [found.id for found in citations(made(), Path("talk"))]
    visible = re.findall(r'class="cited">[^<]*</span><!-- nomiddle:([\w.]+)@', made())
    assert len(set(names)) > 60
    return [name for name in dict.fromkeys(visible) if ".level." not in name]


def test_every_number_on_the_slides_is_cited_and_true(tmp_path: Path) -> None:
    page = tmp_path / "index.html"
    page.write_text(made())
    checked = check([page], ENTRIES)
    assert checked.wrong == []
    assert checked.citations > 100


@pytest.mark.parametrize(
    "number", thorough_but(["0", "35"], {str(n): n for n in range(0, 40, 5)})
)
def test_a_talk_that_cites_a_missing_number_is_not_built(
    reports: Path, number: int
) -> None:
    gone = asked_for()[number]
    (reports / LANGUAGES).symlink_to(REPORTS / LANGUAGES)
    write(reports, [entry for entry in ENTRIES if entry["id"] != gone])
    with pytest.raises(UsageError, match=f"the talk cites {re.escape(gone)}"):
        render(Material(reports), STUB)


def test_a_slide_follows_the_data(reports: Path) -> None:
    name = "request_reply.latency.64B.tcp.1_clients.split.zmq.minimal.python.vs."
    alone = {"value": 7.77, "ci_low": 7.7, "ci_high": 7.8, "verdict": "slower"}
    alone |= {"over_machines": []}
    changed = [
        {**e, **alone} if e["id"] == f"{name}http.minimal.python" else e for e in ENTRIES
    ]
    write(reports, changed)
    said = slide(render(Material(reports), STUB), "one-server")
    assert 'HTTP <span class="cited">7.77x faster</span>' in said


def test_the_slide_of_a_claim_follows_its_verdict(reports: Path) -> None:
    """The sockets' pool is refuted when ZeroMQ takes as much code, by all three counts."""
    assert '<span class="verdict">refuted' not in slide(made(), "sockets")
    sizes = {f"{w}.size.{count}.zmq.{v}.python" for count in COUNTS for w, v in
             (("pipeline", "minimal"), ("fan_out", "lossless"))}  # fmt: skip
    more = {"value": 9000, "ci_low": 9000, "ci_high": 9000}
    write(reports, [{**e, **more} if e["id"] in sizes else e for e in ENTRIES])
    said = slide(render(Material(reports), STUB), "sockets")
    assert '<span class="verdict">refuted' in said


def test_each_slide_has_notes_with_the_sentences_of_its_numbers() -> None:
    known = {entry["id"]: entry for entry in ENTRIES}
    for name in re.findall(r'<section id="([\w-]+)">', made()):
        shown, notes = slide(made(), name).split('<aside class="notes">', 1)
        assert len(notes) > 40, name
        for found in citations(shown, Path(name)):
            assert str(Markup("{}").format(known[found.id]["sentence"])) in notes


def test_numbers_that_notes_cite_are_in_the_notes_of_that_slide() -> None:
    """The notes of this slide name two claims, whose nearest numbers follow."""
    assert "nomiddle:servers.edits.server_added" in slide(made(), "servers")
    assert "nomiddle:servers.edits.server_added" not in slide(made(), "web")


def test_notes_offer_other_words_until_numbers_withdraw_them(reports: Path) -> None:
    """C without checks that is as short as Python: the talk's own words may stand."""
    (offer,) = (offer for offer in read_offers() if offer.claim == "C32")
    assert made().split('<aside class="notes">', 1)[1].count(offer.says) == 1
    short = {"value": 1, "ci_low": 1, "ci_high": 1}
    write(reports, [{**e, **short} if ".slide.c" in e["id"] else e for e in ENTRIES])
    assert offer.says not in render(Material(reports), STUB)


def test_a_measured_topology_has_a_slide_with_a_text_alternative(
    reports: Path,
) -> None:
    (reports / FIGURES).unlink()
    shutil.copytree(REPORTS / FIGURES, reports / FIGURES)
    for made_before in (reports / FIGURES).glob("topology_*.svg"):
        made_before.unlink()
    for name in ("single", "database", "servers_client", "servers_nobody"):
        picture = f'<svg width="1pt" height="1pt"><path id="{name}"/></svg>'
        (reports / FIGURES / f"topology_{name}.svg").write_text(picture)
    (reports / TOPOLOGIES_FILE).write_text(json.dumps(surveyed(1)))
    page = render(Material(reports), STUB)
    slides = re.findall(r'<section id="(measured-[\w-]+)">', page)
    assert slides == [
        "measured-single",
        "measured-database",
        "measured-servers-client",
        "measured-servers-nobody",
    ]
    shown, notes = slide(page, "measured-servers-nobody").split("<aside")
    assert "ZeroMQ (lru); middle killed 50 %" in shown
    assert "servers connect to the middle" in notes
    (reports / TOPOLOGIES_FILE).unlink()
    assert 'id="measured-' not in render(Material(reports), STUB)


def test_the_slides_follow_the_outline() -> None:
    ids = re.findall(r'<section id="([\w-]+)">', made())
    outline = [
        "no-middle", "under-the-desk", "zeromq", "one-server", "database", "servers", "web",
        "wizards", "sockets", "socket-code", "opening", "http-code", "websocket",
        "zeromq-code", "we-get", "zeromq-code-c", "languages", "patterns", "solves",
        "ladder", "hard", "new", "fail",
    ]  # fmt: skip
    assert [name for name in ids if name in outline] == outline
    assert len(set(ids)) == len(ids)


def test_an_experiment_that_is_no_claim_has_a_slide_without_a_verdict(
    reports: Path,
) -> None:
    plain = [entry for entry in ENTRIES if entry["kind"] != "experiment"]
    write(reports, plain)
    said = slide(render(Material(reports), STUB), "hard").split("<aside")[0]
    assert "Not measured yet: " in said
    assert 'class="verdict"' not in said
    seen = {**ENTRIES[0], "id": "fan_out.recovery.garbage.zmq.minimal.python"}
    write(reports, [*plain, {**seen, "verdict": "broken"}])
    said = slide(render(Material(reports), STUB), "hard")
    assert f"<li>{seen['labels'][0]}, " in said
    assert ": broken</li>" in said
    assert seen["id"] in said.split("<aside")[1]


def test_a_slide_shows_numbers_of_an_experiment_in_sentences_with_their_subjects() -> None:
    shown, notes = slide(made(), "tired").split("<aside")
    for subject in ("two_sends", "one_send", "two_sends_nodelay"):
        name = f"two_sends.round_trip_ms.{subject}"
        (sentence,) = (e["sentence"] for e in ENTRIES if e["id"] == name)
        assert f"<li>{sentence}</li>" in shown
        assert name in notes


def test_numbers_of_an_experiment_without_room_are_counted_and_kept_in_the_notes(
    reports: Path,
) -> None:
    (first,) = (e for e in ENTRIES if e["id"] == "two_sends.round_trip_ms.one_send")
    more = [{**first, "id": f"names.plain_ms.a{n}", "sentence": f"A{n}"} for n in range(9)]
    beside = ("names.", "web.", "discovery.")  # what the slide shows together
    others = [e for e in ENTRIES if not str(e["id"]).startswith(beside)]
    write(reports, [*others, *more])
    shown, notes = slide(render(Material(reports), STUB), "hard").split("<aside")
    assert "<li>A0</li>" in shown
    assert "<li>A1; and 7 more</li>" in shown
    assert all(entry["id"] in notes for entry in more)


def test_the_talk_ends_with_all_its_verdicts() -> None:
    said = slide(made(), "verdicts")
    assert all(verdict in said for verdict in VERDICTS)
    assert len(re.findall(r"\bC(?:\d+|-\w+)\b", said.split("<aside")[0])) == 37


def test_the_page_needs_nothing_outside_it() -> None:
    page = made()
    assert not re.search(r"""(src|href)=["'](?!#)""", page)
    assert not re.search(r"(https?:)//[a-z]", page)
    assert "@import" not in page


def test_paper_has_the_same_slides_and_no_script() -> None:
    paper = render(Material(REPORTS), None)
    assert "<script" not in paper
    sections = r'<section id="([\w-]+)">'
    assert re.findall(sections, paper) == re.findall(sections, made())


def test_a_talk_built_again_has_the_same_bytes() -> None:
    assert render(Material(REPORTS), STUB) == made()


def test_languages_are_a_placeholder_until_they_are_surveyed(reports: Path) -> None:
    assert "Not surveyed yet" in slide(render(Material(reports), STUB), "languages")
    answers = {"Ruby": True, "COBOL": False, "Tcl": None}
    usual = {
        "listed_for": "wide use", "http_client_works": True, "http_server_works": False,
    }  # fmt: skip
    rows = [
        {**usual, "language": name, "interoperates": talks}
        for name, talks in answers.items()
    ]
    guide = {"hello_world": 29, "lazy_pirate": 16, "clone": 4, "source": "its files"}
    (reports / LANGUAGES).write_text(json.dumps({"rows": rows, "guide": guide}))
    said = slide(render(Material(reports), STUB), "languages")
    assert "Not surveyed yet" not in said
    assert '<li class="">Ruby' in said
    assert '<li class="failed">COBOL' in said
    assert '<li class="untried">Tcl' in said
    assert "hello world in 29" in said.split("<aside", 1)[1]


@pytest.mark.parametrize("text", ["{", "[1]", '{"a": 1}'])
def test_a_damaged_survey_is_no_traceback(text: str, reports: Path) -> None:
    (reports / LANGUAGES).write_text(text)
    with pytest.raises(ResultsError, match=r"languages\.json is damaged"):
        Material(reports).languages()


def test_a_chart_that_is_not_there_is_named(reports: Path) -> None:
    (reports / FIGURES).unlink()
    with pytest.raises(UsageError, match="headline_split"):
        render(Material(reports), STUB)


def test_a_listing_is_the_code_of_the_program_itself() -> None:
    name = "zmq/minimal/request_reply.py"
    shown = str(listings.listing(name))
    code = re.sub(r"^.*<code>|</code>.*$", "", shown, flags=re.DOTALL)
    plain = Markup(re.sub(r"<[^>]+>", "", code))
    assert plain.unescape() == (IMPLEMENTATIONS / name).read_text().strip()
    assert f"implementations/{name}" in shown


def test_lines_of_a_program_that_are_not_there_are_named() -> None:
    with pytest.raises(UsageError, match="'def nothing'"):
        listings.listing("zmq/minimal/request_reply.py", ("def nothing", ""))
    with pytest.raises(UsageError, match="No such file"):
        listings.listing("zmq/minimal/none.py")
    with pytest.raises(UsageError, match="lines on a slide"):
        listings.listing("zmq/resilient/request_reply.py")


@pytest.mark.parametrize("name", list(TOPOLOGIES))
def test_a_topology_is_drawn_completely_and_the_same_each_time(name: str) -> None:
    picture = TOPOLOGIES[name]()
    assert svg(picture) == svg(TOPOLOGIES[name]())
    reached = {picture.nodes[0]}
    for _ in picture.nodes:
        for first, second, _ in picture.links:
            if first in reached or second in reached:
                reached |= {first, second}
    assert reached == set(picture.nodes)


def alive(picture: Picture, dead: int) -> int:
    """Return how many nodes the largest part has without one of them."""
    left = [n for i, n in enumerate(picture.nodes) if i != dead]
    best = 0
    for start in left:
        reached = {start}
        for _ in left:
            for a, b, _ in picture.links:
                if a in left and b in left and (a in reached or b in reached):
                    reached |= {a, b}
        best = max(best, len(reached))
        if best > len(left) / 2:
            break
    return best


def test_the_web_has_no_middle_and_the_others_have_one() -> None:
    web = TOPOLOGIES["web"]()
    least = min(alive(web, i) for i in range(len(web.nodes)))
    assert least > 0.75 * len(web.nodes)
    star = TOPOLOGIES["servers"]()
    clients = sum(node.kind == CLIENT for node in star.nodes)
    assert min(alive(star, i) for i in range(len(star.nodes))) < clients


def test_without_npm_the_error_names_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(NoMiddleError, match="apt-get install npm"):
        fetch(tmp_path)
    with pytest.raises(NoMiddleError, match="apt-get install chromium"):
        print_pdf(tmp_path / "index.html")


def test_the_version_of_the_library_is_exact_and_no_lock_is_kept() -> None:
    described = json.loads((PROJECT / "talk" / "package.json").read_text())
    for version in described["dependencies"].values():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    assert not (PROJECT / "talk" / "package-lock.json").exists()


needs_browser = pytest.mark.skipif(browser() is None, reason="apt-get install chromium")


@needs_browser
def test_a_pdf_has_a_page_for_each_slide_and_its_notes(tmp_path: Path) -> None:
    (tmp_path / deck.PAPER).write_text(render(Material(REPORTS), None))
    pdf = print_pdf(tmp_path / deck.PAGE)
    pages = pdf.read_bytes().count(b"/Type /Page\n")
    assert pages >= 2 * len(re.findall(r"<section ", made()))


@needs_browser
@pytest.mark.skipif(
    not (deck.OUT / "node_modules").exists(), reason="make talk: reveal.js is not there"
)
def test_every_slide_fits_on_the_screen(tmp_path: Path) -> None:
    page = tmp_path / "index.html"
    page.write_text(render(Material(REPORTS), fetch(deck.OUT)))
    with tempfile.TemporaryDirectory() as profile:
        shown = subprocess.run(
            [browser() or "", *deck.BROWSER, f"--user-data-dir={profile}",
             "--window-size=1280,720", "--virtual-time-budget=20000", "--dump-dom",
             page.as_uri()],
            capture_output=True, text=True, timeout=120, check=True,
        ).stdout  # fmt: skip
    assert 'data-ready="yes"' in shown
    assert re.findall(r'<section id="([\w-]+)"[^>]*data-overflows', shown) == []
