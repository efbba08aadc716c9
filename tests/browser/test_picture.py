"""The picture as people use it. It needs Chromium: `pip install -e '.[browser]'`, then `pytest -m browser`."""

from __future__ import annotations

import re
import time

import pytest

from tests.unit.test_picture import (
    HOSTILE,
    diagnostic,
    frozen,
    group,
    optimizer,
    parameter,
    point,
    report,
    still,
)

SIZES = [(1280, 900), (400, 800)]
LAYERS = [f"h.{layer}" for layer in range(3)]
MATRICES = [parameter(f"{layer}.fc.weight", (100, 30 + at)) for at, layer in enumerate(LAYERS)]
GROUPS = (
    group(0, [parameter("wpe.weight", (90, 90)), *MATRICES, still("wte.weight", (300, 30))], weight_decay=0.1),
    group(1, [parameter(f"{layer}.ln_1.weight", (400,)) for layer in LAYERS], 1e-3),
    group(2, [frozen("head.weight", (80, 80))], 1e-3),
)
TIMELINE = [point(step, [0.1 / step, 1e-3, 1e-3]) for step in (1, 10, 100)]
SMALL = report(
    optimizer(*GROUPS), diagnostics=[diagnostic(code="OPT408", parameters=["wte.weight"])], timeline=TIMELINE
)
EXPERTS = [f"model.layers.{n // 100}.mlp.experts.{n % 100}.gate_proj.weight" for n in range(5000)]
LARGE = report(optimizer(group(0, [parameter(name, (512, 64)) for name in EXPERTS])))


def tile(page, name):
    return page.locator(f'#treemap rect.tile[aria-label^="{name},"]')


def names(page):
    return page.locator("#table tbody th span").all_inner_texts()


def focused(page, what):
    return page.evaluate(f"document.activeElement.{what}")


def is_in_sight(page, selector):
    box = page.locator(selector).bounding_box()
    return 0 <= box["y"] < page.viewport_size["height"]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_it_answers_at_one_look(show, width, height):
    page = show(SMALL, width, height)
    assert page.locator("h1").inner_text() == "18.6 K of 34 K elements train, at 2 rates: up to 0.1 and 0.001."
    assert page.locator("header .shortfalls").inner_text() == "9,000 never train: wte.weight. 6,400 are frozen."
    assert page.locator("#treemap rect.tile").count() == 9
    assert page.locator("#treemap rect.never").count() == page.locator("#treemap rect.frozen").count() == 1
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    assert page.locator("#timeline figure svg").count() == 2  # there are no ratios


def test_area_is_the_number_of_elements(show):
    page = show(SMALL)
    boxes = {name: tile(page, name).bounding_box() for name in ("wpe.weight", "wte.weight", "head.weight")}
    areas = {name: box["width"] * box["height"] for name, box in boxes.items()}
    assert areas["wte.weight"] / areas["wpe.weight"] == pytest.approx(9000 / 8100, rel=0.05)
    assert areas["head.weight"] / areas["wpe.weight"] == pytest.approx(6400 / 8100, rel=0.05)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_tile_leads_to_its_row_and_back(show, width, height):
    page = show(SMALL, width, height)
    tile(page, "wte.weight").click()
    assert focused(page, "innerText").startswith("wte.weight")
    assert is_in_sight(page, "#table tr.here")
    page.locator("#table tr.here th button").click()
    assert focused(page, "getAttribute('aria-label')").startswith("wte.weight, 9,000 elements, group 0")
    assert "OPT408 never had a gradient" in page.locator("#tip").inner_text()


def test_search_narrows_table_and_picture(show):
    page = show(SMALL)
    page.keyboard.press("/")
    page.keyboard.type("ln_1 400")
    assert names(page) == [f"{layer}.ln_1.weight" for layer in LAYERS]
    assert page.locator("#found").inner_text() == "3 of 9 tensors, 1,200 elements"
    assert page.locator("#treemap rect.tile.dim").count() == 6
    page.keyboard.press("Escape")
    assert len(names(page)) == 9
    assert page.locator("#treemap .dim").count() == 0
    tile(page, "wpe.weight").click()
    page.locator("#search").fill("frozen")
    assert names(page) == ["head.weight"]
    tile(page, "wpe.weight").click()  # it is not in the list, so all are shown again
    assert focused(page, "innerText").startswith("wpe.weight")


def test_columns_are_sorted(show):
    page = show(SMALL)
    heads = page.locator("#table thead")
    heads.get_by_role("button", name="elements").click()
    assert names(page)[:3] == ["wte.weight", "wpe.weight", "head.weight"]
    head = heads.locator("th", has_text="elements")
    assert head.get_attribute("aria-sort") == "descending"
    heads.get_by_role("button", name="elements").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert names(page)[-1] == "wte.weight"
    heads.get_by_role("button", name="name").click()
    assert names(page) == sorted(names(page))


def test_the_legend_chooses_and_the_rate_colours(show):
    page = show(SMALL)
    legend = page.locator("#legend")
    legend.get_by_role("button", name="group 1").click()
    assert names(page) == [f"{layer}.ln_1.weight" for layer in LAYERS]
    legend.get_by_role("button", name="never trained").click()
    assert names(page) == ["wte.weight"]
    assert legend.locator("[aria-pressed=true]").inner_text() == "never trained"
    page.get_by_role("button", name="Show all").click()
    fills = {name: tile(page, name).get_attribute("fill") for name in ("wpe.weight", "h.0.ln_1.weight")}
    page.get_by_role("radio", name="learning rate").check()
    changed = {name: tile(page, name).get_attribute("fill") for name in fills}
    assert len({*fills.values(), *changed.values()}) == 4
    assert tile(page, "wte.weight").get_attribute("fill") is None  # hatched all the same


def test_all_of_it_is_reached_by_keyboard(show):
    page = show(SMALL)
    page.keyboard.press("Tab")
    assert focused(page, "className") == "skip"
    for _ in range(2):
        page.keyboard.press("Tab")
    first = focused(page, "getAttribute('aria-label')")
    assert first.startswith("wpe.weight, 8,100 elements")
    page.keyboard.press("ArrowRight")
    second = focused(page, "getAttribute('aria-label')")
    page.keyboard.press("ArrowLeft")
    assert focused(page, "getAttribute('aria-label')") == first != second
    page.keyboard.press("End")
    assert focused(page, "getAttribute('aria-label')").startswith("head.weight")
    assert page.locator("#treemap rect.cursor").is_visible()
    page.keyboard.press("Enter")
    assert not page.locator("#treemap rect.cursor").is_visible()
    assert focused(page, "tagName") == "TR"
    assert focused(page, "innerText").startswith("head.weight")


def test_a_screen_reader_is_told_the_same(show):
    tree = show(SMALL).locator("body").aria_snapshot()
    for words in (
        'heading "The model" [level=2]',
        'button "wte.weight, 9,000 elements, group 0, learning rate 0.1, never trained: OPT408 never had a gradient',
        'columnheader "had gradient"',
        'link "OPT408 reused-parameter-iterator"',
        'searchbox "Search by name, shape, type, state or reason"',
        'rowheader "wte.weight"',
    ):
        assert words in tree


def test_a_rule_opens_below(show):
    page = show(SMALL)
    page.locator("article h3 a").click()
    assert page.locator("#rule-OPT408 pre").is_visible()
    assert is_in_sight(page, "#rule-OPT408 summary")


def test_names_of_what_is_not_trained_are_looked_up(show):
    page = show(SMALL)
    page.locator(".causes").get_by_role("button", name="wte.weight").click()
    assert focused(page, "innerText").startswith("wte.weight")
    assert page.locator("#search").input_value() == "wte.weight"


@pytest.mark.parametrize("dark", [False, True])
def test_all_text_stands_out(show, dark):
    page = show(SMALL, dark=dark)
    ground = rgb(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert (luminance(ground) < 0.1) is dark
    for selector in ("h1", ".about", ".shortfalls span", ".about .error", ".hint", "#table td", "article .where"):
        colour = page.locator(selector).first.evaluate("node => getComputedStyle(node).color")
        assert contrast(rgb(colour), ground) >= 4.5, selector
    for name in ("wpe.weight", "h.0.fc.weight", "head.weight"):
        fill = tile(page, name).evaluate("node => getComputedStyle(node).fill")
        label = page.locator("#treemap g > text:not(.module)", has_text=name.removeprefix("h.0.")).first
        assert contrast(rgb(label.evaluate("node => getComputedStyle(node).fill")), rgb(fill)) >= 4, name


def rgb(colour):
    return [int(part) for part in re.findall(r"\d+", colour)[:3]]


def luminance(colour):
    parts = [part / 255 for part in colour]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_five_thousand_parameters_are_drawn_at_once(show):
    started = time.monotonic()
    page = show(LARGE)
    assert time.monotonic() - started < 10  # under a second where nothing else is running
    assert page.locator("#treemap rect.tile").count() == 5000
    narrow = page.evaluate(
        "[...document.querySelectorAll('rect.tile')].filter(one => one.width.baseVal.value < 3).length"
    )
    assert narrow == 0
    assert len(names(page)) < 500
    tile(page, EXPERTS[4321]).click()
    assert focused(page, "innerText").startswith(EXPERTS[4321])
    assert is_in_sight(page, "#table tr.here")
    page.locator("#search").fill("layers.7. experts.42.")
    assert names(page) == [EXPERTS[742]]


def test_hostile_names_do_nothing(show):
    page = show(
        report(
            optimizer(group(0, [parameter(HOSTILE), still(f"x.{HOSTILE}")], name=HOSTILE)),
            diagnostics=[diagnostic(message=HOSTILE, parameters=[HOSTILE, f"x.{HOSTILE}"])],
            timeline=[point(1, [0.1]), point(2, [0.2])],
        )
    )
    page.locator("#treemap rect.tile").first.hover()
    assert HOSTILE.replace("\u2028", "") in page.locator("#tip b").inner_text().replace("\u2028", "")
    assert page.locator("img").count() == 0


def test_nothing_but_a_sentence_without_optimizers(chromium, tmp_path):
    from optlint.output.picture import page as picture

    (tmp_path / "empty.html").write_text(picture(report(), lambda name: [], lambda code: None), encoding="utf-8")
    page = chromium.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((tmp_path / "empty.html").as_uri())
    assert page.locator("h1").inner_text() == "No optimizer was seen."
    assert errors == []


def test_a_notebook_shows_it_in_a_frame(chromium, tmp_path):
    from optlint.output.picture import framed
    from optlint.output.picture import page as picture

    cell = framed(picture(SMALL, lambda name: [], lambda code: None))
    (tmp_path / "notebook.html").write_text(f"<!DOCTYPE html><meta charset=utf-8>{cell}", encoding="utf-8")
    page = chromium.new_page()
    page.goto((tmp_path / "notebook.html").as_uri())
    frame = page.frame_locator("iframe")
    frame.locator('rect.tile[aria-label^="wte.weight,"]').click()
    assert frame.locator("#table tr.here th").inner_text() == "wte.weight"
    frame.locator("article h3 a").click()
    assert frame.locator("#rule-OPT408 pre").is_visible()
