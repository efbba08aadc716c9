"""The picture of a report, as HTML: what it says, what it holds, what it never does."""

from __future__ import annotations

import json
import re
import time
from html.parser import HTMLParser
from importlib.resources import files

import pytest

from optlint.output.picture import framed, page, sentences
from optlint.output.picture.words import folded, rate, size

SOURCE = ["import torch", "head = [p for p in model.parameters()]", "optimizer = AdamW(params)  # <b>&"]
VOID = {"meta", "input", "br"}
HOSTILE = "a</script><script>alert(1)</script><img src=x onerror=alert(1)>&quot;'\"`\u2028$data{x}"


def parameter(name, shape=(10, 10), **other):
    numel = 1
    for length in shape:
        numel *= length
    known = {"dtype": "float32", "requires_grad": True, "is_leaf": True, "grad": "always", "moved": "yes"}
    return {"name": name, "shape": list(shape), "numel": numel, **known, "reason": None, "cause": None, **other}


def still(name, shape=(10, 10), **other):
    return parameter(name, shape, **{"grad": "never", "moved": "no", "reason": "never had a gradient", **other})


def frozen(name, shape=(10, 10)):
    return still(name, shape, requires_grad=False, reason="frozen: requires_grad is False")


def group(index, parameters, lr=0.1, **others):
    return {"index": index, "lr": lr, "hyperparameters": {"lr": lr, **others}, "parameters": parameters}


def optimizer(*groups, steps=100, name="AdamW"):
    return {"class": name, "filename": "/home/me/train.py", "row": 3, "steps": steps, "groups": list(groups)}


def diagnostic(**other):
    known = {"code": "OPT101", "name": "reused-parameter-iterator", "severity": "error", "column": 1, "step": 2}
    about = {"message": "`params` was used up", "filename": "/home/me/train.py", "row": 3, "rank": None, "url": None}
    return {**known, **about, "optimizer": 0, "group": 0, "parameters": [], "notes": [], **other}


def report(*optimizers, diagnostics=(), unowned=(), timeline=()):
    lists = {"optimizers": list(optimizers), "unowned": list(unowned), "timeline": list(timeline)}
    return {"version": 1, "torch": "2.13.0", "diagnostics": list(diagnostics), **lists}


def point(step, lr, at=0):
    return {"step": step, "optimizer": at, "lr": lr, "grad_norm": 1.0, "update_ratio": None}


def drawn(content):
    return page(content, lambda filename: SOURCE, lambda code: f"# the page of {code} <i>")


class Reader(HTMLParser):
    """All elements of a page, its text outside scripts, and whether each tag is closed."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.open, self.text, self.scripts = [], [], "", []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.scripts[-1] += data
        elif not self.open or self.open[-1] != "style":
            self.text += data

    def data(self):
        return json.loads(self.scripts[0])


@pytest.fixture(scope="module")
def everything():
    """A report in which each kind of thing occurs, with names that want to break out."""
    layers = [parameter(f"h.{layer}.fc.weight", (100, 100)) for layer in range(4)]
    dead = [still(f"h.{layer}.norm.weight", (10,)) for layer in range(4)]
    cause = {"filename": HOSTILE, "row": 2}
    return report(
        optimizer(
            group(0, [*layers, *dead], name=HOSTILE, weight_decay=HOSTILE), group(1, [frozen("wte.weight")], 0.01)
        ),
        diagnostics=[
            diagnostic(parameters=["h.0.norm.weight", HOSTILE], message=f"`{HOSTILE}` is gone"),
            diagnostic(severity="info", notes=[{"message": HOSTILE, "filename": HOSTILE, "row": 1, "column": 1}]),
        ],
        unowned=[still(HOSTILE, (3,), reason=HOSTILE, cause=cause)],
        timeline=[point(1, [0.1, 0.01]), point(10, ["inf", None])],
    )


def test_it_is_well_formed_and_complete(everything):
    read = Reader(drawn(everything))
    assert read.open == []
    tags = [tag for tag, _ in read.elements]
    assert tags.count("script") == 3
    assert {"h1", "main", "table", "article", "noscript"} <= set(tags)
    ids = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {"treemap", "timeline", "table", "search", "data", "rule-OPT101"} <= set(ids)
    links = [attributes["href"] for tag, attributes in read.elements if tag == "a"]
    assert links
    assert {link.removeprefix("#") for link in links} <= set(ids)


def test_it_fetches_nothing(everything):
    html = drawn(everything)
    for tag, attributes in Reader(html).elements:
        assert tag not in ("link", "img", "iframe", "base", "object")
        assert "src" not in attributes
        assert not any(name.startswith("on") for name in attributes)
    code = re.sub(r"/\*!.*?\*/", "", html, flags=re.DOTALL)  # the licences of what is bundled
    addresses = set(re.findall(r"https?://[\w./-]+", code))
    assert {address for address in addresses if not address.startswith("http://www.w3.org/")} == set()
    assert "default-src 'none'" in html
    style = html.partition("<style>")[2].partition("</style>")[0]
    assert "@import" not in style
    assert set(re.findall(r"url\([^)]*\)", style)) == {"url(#hatch)"}


def test_what_is_bundled_brings_its_licences(everything):
    notice = re.search(r"/\*! (.*?)\*/", drawn(everything), re.DOTALL)[1].strip()
    folder = files("optlint.output.picture") / "vendor"
    assert notice == (folder / "LICENSES.txt").read_text(encoding="utf-8").strip()
    assert {"@observablehq/plot 0.6.17 (ISC)", "d3-hierarchy 3.1.3 (ISC)"} <= set(notice.splitlines())


def test_hostile_names_stay_names(everything):
    read = Reader(drawn(everything))
    assert "alert(1)" in read.text
    assert read.data()["tiles"][-1][0] == HOSTILE
    assert read.data()["swatches"][0]["name"] == HOSTILE
    assert "img" not in {tag for tag, _ in read.elements}


def test_only_its_own_scripts_may_run(everything):
    from base64 import b64encode
    from hashlib import sha256

    read = Reader(drawn(everything))
    policy = next(attributes["content"] for _, attributes in read.elements if "http-equiv" in attributes)
    digests = [b64encode(sha256(script.encode()).digest()).decode() for script in read.scripts[1:]]
    assert re.findall(r"'sha256-([^']+)'", policy) == digests
    assert "unsafe-inline" not in policy.partition("script-src")[2]


def test_the_data_hold_all_that_is_drawn(everything):
    data = Reader(drawn(everything)).data()
    assert [tile[0] for tile in data["tiles"][:4]] == [f"h.{layer}.fc.weight" for layer in range(4)]
    assert data["tiles"][0][1:6] == [[100, 100], "float32", 10_000, 0, "trained"]
    assert {tile[5] for tile in data["tiles"]} == {"trained", "never trained", "frozen"}
    assert data["tiles"][-1][4] == -1
    why, place, code = data["reasons"][data["tiles"][4][8]]
    assert (why, place, code) == ("never had a gradient", "/home/me/train.py:3", "OPT101")
    assert data["timeline"] == everything["timeline"]


LOOKS = [
    (report(), "No optimizer was seen."),
    (report(optimizer(group(0, [parameter("a")]))), "All 100 elements train, at one rate: 0.1."),
    (
        report(optimizer(group(0, [parameter("a"), still("b", (5,))]), group(1, [parameter("c")], 3e-4))),
        "200 of 205 elements train, at 2 rates: 0.1 and 3e-4. 5 never train: b.",
    ),
    (
        report(optimizer(group(0, [still(f"h.{n}.b", (5,)) for n in range(5)]))),
        "None of the 25 elements trains. 25 never train: h.*.b.",
    ),
    (
        report(optimizer(group(0, [parameter("a"), frozen("b")]), steps=100)),
        "100 of 200 elements train, at one rate: 0.1. 100 are frozen.",
    ),
    (
        report(optimizer(group(0, [parameter("a", moved="unknown")]), steps=0), unowned=[still("b", (5,))]),
        "100 of 105 elements would train, at one rate: 0.1. 5 would never train: b.",
    ),
    (
        report(optimizer(group(0, [parameter("a", moved="unknown")]), steps=1)),
        "It is not known yet what trains. 100 are not known yet.",
    ),
    (
        report(optimizer(group(0, [parameter("a")], 0.0)), timeline=[point(1, [0.2]), point(9, [0.1])]),
        "All 100 elements train, at one rate: up to 0.2.",
    ),
    (
        report(optimizer(*(group(n, [parameter(str(n))], 10.0**-n) for n in range(5)))),
        "All 500 elements train, at 5 rates: from 1 down to 1e-4.",
    ),
    (
        report(optimizer(group(0, [parameter("a", (300, 300)), still("b", (2,))]))),
        "All but 2 of 90 K elements train, at one rate: 0.1. 2 never train: b.",
    ),
    (report(optimizer(group(0, [parameter("a")], None))), "All 100 elements train, at rates that are not known."),
]


@pytest.mark.parametrize(("content", "words"), LOOKS)
def test_it_says_at_one_look(content, words):
    assert sentences(content) == words


def test_optimizers_that_look_alike_are_drawn_once():
    one = optimizer(group(0, [parameter("a"), parameter("b")]))
    html = drawn(report(one, one, one, optimizer(group(0, [parameter("c")]), name="SGD")))
    read = Reader(html)
    assert [tile[0] for tile in read.data()["tiles"]] == ["a", "b", "c"]
    assert "3 × AdamW of" in html
    assert "AdamW group 0" in read.text
    assert "SGD group 0" in read.text


def test_what_several_ranks_leave_out_is_counted_once():
    one, left_out = optimizer(group(0, [parameter("a")])), [still("b"), still("b"), still("b", (2,))]
    assert sentences(report(one, one, unowned=left_out)).endswith(" 102 never train: b, b.")


def test_a_parameter_of_two_optimizers_is_counted_once():
    head = optimizer(group(0, [parameter("head")]))
    whole = optimizer(group(0, [still("head"), parameter("body")], 0.01), name="SGD")
    assert sentences(report(head, whole)) == "All 200 elements train, at one rate: 0.01."
    idle = optimizer(group(0, [parameter(name, moved="unknown") for name in ("head", "body")]), steps=0)
    assert sentences(report(head, idle)) == "100 of 200 elements train, at one rate: 0.1. 100 never train: body."


def test_parameters_of_the_same_name_in_two_models_are_two():
    first = optimizer(group(0, [parameter("0.weight"), parameter("1.weight")]))
    second = optimizer(group(0, [parameter("0.weight"), parameter("2.weight")]), name="SGD")
    assert sentences(report(first, second)) == "All 400 elements train, at one rate: 0.1."


def test_what_is_not_trained_is_told_with_reason_and_line():
    content = report(
        optimizer(group(0, [parameter("a"), still("b"), still("c", lr=0), frozen("d")])),
        diagnostics=[diagnostic(parameters=["b"])],
        unowned=[still("e", reason="is in a plain list", cause={"filename": "/home/me/model.py", "row": 2})],
    )
    rows = re.findall(r"<li>.*?</li>", drawn(content))
    texts = [Reader(row).text for row in rows]
    assert len(texts) == 4
    assert "OPT101 params was used up" in next(text for text in texts if "b 100" in text)
    assert "model.py:2 head = [p for p in model.parameters()]" in next(text for text in texts if "e 100" in text)
    assert texts[-1].startswith("frozen: d 100")
    assert 'href="#diagnostic-0"' in "".join(rows)


def test_of_many_names_the_largest_are_shown():
    kinds = [
        frozen(f"h.{layer}.{kind}", (10 + len(kind),)) for layer in range(2) for kind in "a bb c d e f g h".split()
    ]
    row = Reader(re.findall(r"<li>.*?</li>", drawn(report(optimizer(group(0, kinds)))))[0]).text
    assert row.startswith("frozen: h.*.bb, h.*.a, h.*.c, h.*.d, h.*.e, h.*.f and 2 more 178 in 16 tensors")


def test_a_rate_of_zero_is_a_reason():
    content = report(optimizer(group(0, [still("a", grad="always", reason=None)], 0.0)))
    assert "had gradients, but its rate is 0" in drawn(content)


def test_frames_show_the_line_in_its_surroundings():
    html = drawn(report(diagnostics=[diagnostic()]))
    assert "<mark>" in html
    assert "<b>3</b> optimizer = AdamW(params)  # &lt;b&gt;&amp;</mark>" in html
    assert "<b>2</b> head" in html
    gone = page(report(diagnostics=[diagnostic()]), lambda filename: [], lambda code: None)
    assert "train.py:3" in gone
    assert "<mark>" not in gone
    assert "This rule has no page." in gone


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({"rank": 3}, "step 2 · rank 3"),
        ({"rank": None, "ranks": [0, 1]}, "step 2 · ranks 0 and 1"),
        ({"rank": 0, "ranks": list(range(8))}, "ranks 0, 1, 2, 3, 4, 5 and 2 more"),
        ({"rank": None, "step": None, "parameters": ["a", "b"]}, "train.py:3 · a and b"),
    ],
)
def test_when_and_where_in_the_run_it_was_seen(known, words):
    assert words in Reader(drawn(report(diagnostics=[diagnostic(**known)]))).text


def test_an_address_of_a_rule_is_linked():
    html = drawn(report(diagnostics=[diagnostic(url="https://example.org/OPT101")]))
    assert '<a href="https://example.org/OPT101">' in html
    assert 'id="rule-OPT101"' not in html


def test_five_thousand_parameters_stay_small_and_quick():
    many = [
        parameter(f"model.layers.{n // 100}.mlp.experts.{n % 100}.gate_proj.weight", (512, 64)) for n in range(5000)
    ]
    started = time.process_time()
    html = drawn(report(optimizer(group(0, many[:4000]), group(1, many[4000:], 0.01))))
    assert time.process_time() - started < 3  # it takes a tenth of a second
    assert len(html.encode()) < 1_000_000
    assert len(Reader(html).data()["tiles"]) == 5000


def test_a_frame_in_a_notebook_holds_the_page_and_is_cut_off(everything):
    html = drawn(everything)
    ((tag, attributes),) = Reader(framed(html)).elements
    assert tag == "iframe"
    assert attributes["srcdoc"] == html
    assert attributes["sandbox"] == "allow-scripts"


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0"), (9_999, "9,999"), (10_000, "10 K"), (38_597_376, "38.6 M"), (124_439_808, "124 M"), (999_600, "1 M"),
     (7_000_000_000, "7 B"), (10**16, "10000 T")],
)  # fmt: skip
def test_numbers_are_short(number, words):
    assert size(number) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.1, "0.1"),
        (3e-4, "3e-4"),
        (0.00018181, "1.82e-4"),
        (0.0, "0"),
        (1, "1"),
        (None, "–"),
        ("inf", "inf"),
        (True, "True"),
    ],
)
def test_rates_are_short(value, words):
    assert rate(value) == words


def test_layers_of_one_kind_have_one_name():
    assert folded("h.11.mlp.experts.3.w1") == "h.*.mlp.experts.*.w1"
    assert folded("conv2d.weight") == "conv2d.weight"
