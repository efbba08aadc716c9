"""Several threads that train at once: a gradient that another one's backward writes must not be read meanwhile."""

from __future__ import annotations

import threading

from torch import optim

from optlint.auditing.options import Options
from optlint.auditing.session import Session
from tests.audit.programs import Folder
from tests.audit.small import mlp, train

THREADS = """\
    import threading
    import torch
    from torch import nn

    torch.set_num_threads(1)

    def work(results):
        model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
        optimizer = torch.optim.Adam(model.parameters())
        for step in range(60):
            optimizer.zero_grad()
            model(torch.ones(8, 4)).square().mean().backward()
            optimizer.step()
        results.append(model)

    results = []
    threads = [threading.Thread(target=work, args=(results,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(len(results))
    """


def test_threads_may_train_at_once(tmp_path):
    folder = Folder(tmp_path)
    folder.write("threads.py", THREADS)
    for _ in range(3):
        outcome = folder.audited("threads.py")
        assert (outcome.code, outcome.out) == (0, "6\n")
        assert outcome.err.splitlines()[-1] == "optlint: 0 errors, 0 warnings"


def test_each_thread_sees_its_own_optimizers_only():
    seen = []

    def work(session):
        train(mlp(), optim.SGD(model.parameters(), lr=0.1), 2)
        seen.append(len(session._handlers.book.of_thread()))

    with Session(Options()) as session:
        model = mlp()
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        other = threading.Thread(target=work, args=(session,))
        other.start()
        other.join()
        assert session._handlers.book.of_thread() == [session._handlers.book.of(optimizer)]
    assert seen == [0]  # that of `work` has ended by then


def test_an_optimizer_may_be_built_in_one_thread_and_stepped_in_another():
    with Session(Options()) as session:
        model = mlp()
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        other = threading.Thread(target=train, args=(model, optimizer))
        other.start()
        other.join()
    assert session.diagnostics == ()
    assert {one.moved for one in session.report().optimizers[0].parameters} == {"yes"}
