"""The picture of real trainings: what each word of a report becomes in it."""

from __future__ import annotations

import json

import torch
from torch import nn, optim

import optlint
from optlint.auditing.reports.report import facts_as_json
from optlint.output.picture import sentences
from tests.audit.programs import Folder

ADAPTED = """\
    import torch
    from torch import nn

    def train():
        model = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 2))
        model[0].requires_grad_(False)
        adapter = model[1]
        optimizer = torch.optim.SGD(adapter.parameters(), lr=0.1)
        for _ in range(12):
            optimizer.zero_grad()
            model(torch.ones(4, 8)).sum().backward()
            optimizer.step()

    train()
    """


def trained(model, parameters, steps=12):
    """The report of a short training, whose objects are gone when it is read."""
    with optlint.audit() as report:
        optimizer = optim.SGD(parameters, lr=0.1)
        for _ in range(steps):
            optimizer.zero_grad()
            model(torch.ones(4, 8)).sum().backward()
            optimizer.step()
    return report


def said(report):
    return sentences(facts_as_json(report.facts))


def test_all_of_a_model_that_trains():
    model = nn.Linear(8, 2)
    assert said(trained(model, model.parameters())) == "All 18 elements train, at one rate: 0.1."


def test_frozen_parameters_that_were_left_out_are_part_of_it():
    model = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 2))
    model[0].requires_grad_(False)
    report = trained(model, model[1].parameters())
    assert said(report) == "18 of 90 elements train, at one rate: 0.1. 72 are frozen."
    assert [one.name for one in report.unowned] == ["0.weight", "0.bias"]
    assert report.ok


def test_frozen_parameters_that_were_given_are_frozen_too():
    model = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 2))
    model[0].requires_grad_(False)
    assert said(trained(model, model.parameters())) == "18 of 90 elements train, at one rate: 0.1. 72 are frozen."


def test_a_parameter_that_is_given_later_is_not_left_out():
    model = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 2))
    model[0].requires_grad_(False)
    with optlint.audit() as report:
        optimizer = optim.SGD(model[1].parameters(), lr=0.1)
        for step in range(24):
            if step == 8:
                model[0].requires_grad_(True)
                optimizer.add_param_group({"params": model[0].parameters(), "lr": 0.01})
            optimizer.zero_grad()
            model(torch.ones(4, 8)).sum().backward()
            optimizer.step()
    assert report.unowned == ()
    assert said(report) == "All 90 elements train, at 2 rates: 0.1 and 0.01."


def test_a_tensor_that_cannot_train_is_not_frozen():
    model = nn.Linear(8, 2)
    report = trained(model, [{"params": model.parameters()}, {"params": [torch.zeros(5)]}])
    assert said(report).startswith("18 of 23 elements train, at one rate: 0.1. 5 never train: tensor ")


def test_what_no_optimizer_was_given_never_trains():
    model = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 2))
    report = trained(model, model[1].parameters())
    assert said(report) == "18 of 90 elements train, at one rate: 0.1. 72 never train: 0.weight, 0.bias."
    html = report.to_html()
    assert "was not given to an optimizer" in html
    assert f"{__file__.rpartition('/')[2]}:" in html


def test_what_was_never_trained_is_told_when_it_is_gone():
    def train():
        model = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 2))
        return trained(model, model[1].parameters())

    assert said(train()) == "18 of 90 elements train, at one rate: 0.1. 72 never train: 0.weight, 0.bias."


def test_what_was_trained_in_the_end_is_not_told_when_it_is_gone():
    def train():
        model = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 2))
        optimizer = optim.SGD(model[1].parameters(), lr=0.1)
        for step in range(24):
            if step == 12:
                optimizer.add_param_group({"params": model[0].parameters()})
            optimizer.zero_grad()
            model(torch.ones(4, 8)).sum().backward()
            optimizer.step()

    with optlint.audit() as report:
        train()
    assert "never" not in said(report)


def test_a_notebook_shows_the_same_page():
    model = nn.Linear(8, 2)
    report = trained(model, model.parameters())
    shown = report._repr_html_()
    assert shown.startswith("<iframe ")
    assert "All 18 elements train, at one rate: 0.1." in shown


def test_a_run_is_drawn_at_once_and_again_later(tmp_path):
    folder = Folder(tmp_path)
    outcome = folder.audited("--report", "run.html", "--report", "run.json", folder.write("train.py", ADAPTED))
    assert outcome.code == 0
    assert "in no optimizer" not in outcome.err
    assert [one["name"] for one in folder.json("run.json")["unowned"]] == ["0.weight", "0.bias"]
    again = folder.python("-m", "optlint", "report", "run.json", "--report", "again.html", "--report", "again.json")
    assert (again.code, again.err) == (0, "")
    assert folder.json("again.json") == folder.json("run.json")
    pages = [(tmp_path / name).read_text(encoding="utf-8") for name in ("run.html", "again.html")]
    assert "<h1>18 of 90 elements train, at one rate: 0.1.</h1>" in pages[0]
    assert pages[0] == pages[1]


def test_a_report_of_another_kind_is_refused(tmp_path):
    folder = Folder(tmp_path)
    (tmp_path / "run.json").write_text(json.dumps({}), encoding="utf-8")
    outcome = folder.python("-m", "optlint", "report", ".", "--report", "run.pdf")
    assert outcome.code == 2
    assert outcome.err == "optlint report: --report run.pdf: the name must end in .json or .html\n"
