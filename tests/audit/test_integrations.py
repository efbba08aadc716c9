"""The callbacks for other programs' loops, with the real programs, where these are installed."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from optlint.auditing.reports.report import AuditError
from optlint.integrations.scope import Scope

NUMBERS = {"optlint/errors": 1.0, "optlint/warnings": 0.0, "optlint/tensors": 3.0, "optlint/tensors_not_moved": 1.0}


class Broken:
    """What a training loop of somebody else would do, with a group that never trains."""

    def __init__(self):
        self.model = nn.Linear(4, 2)
        image = torch.randn(3)
        self.optimizer = torch.optim.SGD([{"params": self.model.parameters()}, {"params": [image]}], lr=0.1)

    def train(self):
        for _ in range(12):
            self.optimizer.zero_grad()
            self.model(torch.randn(8, 4)).pow(2).mean().backward()
            self.optimizer.step()


def codes(report):
    return [one.code for one in report.diagnostics]


def test_a_scope_says_what_it_found(capfd):
    scope = Scope()
    scope.begin()
    Broken().train()
    assert codes(scope.report) == ["OPT201"]
    scope.end()
    assert codes(scope.report) == ["OPT201"]
    assert "error[OPT201]" in capfd.readouterr().err
    scope.end()
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("options", "raises"),
    [
        ({}, False),
        ({"fail_on": "error"}, True),
        ({"fail_on": "warning"}, True),
        ({"fail_on": "error", "ignore": ["OPT201"]}, False),
        ({"fail_on": "error", "select": ["OPT1"]}, False),
    ],
)
def test_a_scope_fails_where_it_is_asked_to(options, raises):
    scope = Scope(**options)
    scope.begin()
    Broken().train()
    if raises:
        with pytest.raises(AuditError, match="OPT201"):
            scope.end(speak=False)
    else:
        scope.end(speak=False)


def test_a_scope_hands_its_numbers_to_a_logger():
    logged = []
    scope = Scope()
    scope.begin()
    Broken().train()
    scope.end(speak=False, log=logged.append)
    scope.end(speak=False, log=logged.append)
    assert logged == [NUMBERS]


def test_an_error_of_the_program_comes_first():
    scope = Scope(fail_on="error")
    scope.begin()
    Broken().train()
    scope.end(speak=False, error=ValueError())
    assert not scope.report.ok


def test_a_wrong_word_is_said():
    with pytest.raises(ValueError, match="never, error, warning"):
        Scope(fail_on="always")


@pytest.mark.filterwarnings("default")  # what Lightning uses of torch is deprecated in newer releases
def test_lightning(tmp_path):
    lightning = pytest.importorskip("lightning.pytorch")
    from lightning.pytorch.demos.boring_classes import BoringModel

    from optlint.integrations.lightning import OptimizerAudit

    class Frozen(BoringModel):
        def configure_optimizers(self):
            groups = [{"params": self.layer.parameters()}, {"params": [torch.randn(3)]}]
            return torch.optim.SGD(groups, lr=0.1)

    def fit(model, audit, logger=False):
        quiet = {"enable_progress_bar": False, "enable_model_summary": False, "enable_checkpointing": False}
        trainer = lightning.Trainer(
            max_epochs=1, limit_train_batches=16, limit_val_batches=1, logger=logger, accelerator="cpu",
            callbacks=[audit], **quiet,
        )  # fmt: skip
        trainer.fit(model)
        return audit.report

    assert codes(fit(BoringModel(), OptimizerAudit(fail_on="warning"))) == []
    logger = lightning.loggers.CSVLogger(tmp_path)
    report = fit(Frozen(), OptimizerAudit(log=True), logger)
    with open(logger.experiment.metrics_file_path, encoding="utf-8") as file:
        assert set(NUMBERS) <= set(file.readline().strip().split(","))
    assert codes(report) == ["OPT201"]
    assert report.optimizers[0].steps == 16
    with pytest.raises(AuditError, match="OPT201"):
        fit(Frozen(), OptimizerAudit(fail_on="error"))


def test_transformers(tmp_path):
    transformers = pytest.importorskip("transformers")
    from optlint.integrations.transformers import OptimizerAudit

    def train(audit, optimizer=None, trains=1):
        size = {"vocab_size": 50, "n_positions": 16, "n_embd": 16, "n_layer": 1, "n_head": 2}
        model = transformers.GPT2LMHeadModel(transformers.GPT2Config(**size))
        arguments = transformers.TrainingArguments(
            str(tmp_path), max_steps=12, use_cpu=True, report_to=[], save_strategy="no", disable_tqdm=True
        )
        tokens = torch.randint(0, 50, (8,))
        trainer = transformers.Trainer(
            model=model,
            args=arguments,
            train_dataset=[{"input_ids": tokens, "labels": tokens}] * 32,
            optimizers=(optimizer(model) if optimizer else None, None),
            callbacks=[audit],
        )
        for _ in range(trains):
            trainer.train()
        return audit.report

    def broken(model):
        return torch.optim.SGD([{"params": model.parameters()}, {"params": [torch.randn(3)]}], lr=0.1)

    report = train(OptimizerAudit(fail_on="warning"), trains=2)
    assert [one.steps for one in report.optimizers] == [12]
    logged = []
    assert codes(train(OptimizerAudit(log=logged.append), broken)) == ["OPT201"]
    assert [one["optlint/errors"] for one in logged] == [1.0]
    with pytest.raises(AuditError, match="OPT201"):
        train(OptimizerAudit(fail_on="error"), broken)
