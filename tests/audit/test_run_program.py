"""Under `optlint run` a program is what it is without: names, paths, output, traceback, exit code."""

from __future__ import annotations

import signal
import subprocess
import time
import zipfile

import pytest

from tests.audit.programs import Folder

SHOW = """\
    import __main__, os, sys
    named = {name: value for name, value in sorted(vars(__main__).items()) if name.startswith("__")}
    for name, value in named.items():
        print(name, type(value) if name in ("__builtins__", "__loader__", "__spec__") else value)
    print(__spec__ and (__spec__.name, __spec__.origin), sys.argv, sys.path, sys.orig_argv[1:], sys.stdin.read())
    print([name for name in sys.modules if name.partition(".")[0] in ("torch", "libcst")])
    """

ENDS = """\
    import atexit, os, signal, sys, threading, time

    def cause():
        try:
            {}["key"]
        except KeyError as error:
            raise ValueError("grew from it") from error

    def group():
        try:
            cause()
        except ValueError:
            raise RuntimeError("seen while handling")

    def thread(work):
        worker = threading.Thread(target=work)
        worker.start()
        return worker

    def late():
        time.sleep(0.2)
        print("the thread ends")

    def interrupt():
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)

    def excepthook(*error):
        print("own hook", error[0].__name__, error[2].tb_frame.f_code.co_name, error[2].tb_next is not None)

    def unprintable():
        class Odd(Exception):
            def __str__(self):
                raise ValueError("no words")
        raise Odd

    atexit.register(print, "the exit handler runs")
    print("it starts")
    eval(sys.argv[1])
    print("it ends")
    """

WAYS = {
    "plain": "None",
    "none": "sys.exit()",
    "zero": "sys.exit(0)",
    "false": "sys.exit(False)",
    "number": "sys.exit(7)",
    "big": "sys.exit(256 + 3)",
    "wraps": "sys.exit(256)",
    "negative": "sys.exit(-1)",
    "text": "sys.exit('that was wrong')",
    "object": "sys.exit([1, 2])",
    "exit": "exit(4)",
    "raised": "next(iter(()))",
    "cause": "cause()",
    "context": "group()",
    "syntax": "compile('x = (', 'there.py', 'exec')",
    "unprintable": "unprintable()",
    "interrupt": "interrupt()",
    "raised interrupt": "(_ for _ in ()).throw(KeyboardInterrupt)",
    "signal": "os.kill(os.getpid(), signal.SIGTERM)",
    "abort": "os.abort()",
    "at once": "[sys.stdout.flush(), os._exit(5)]",
    "thread": "thread(late)",
    "thread fails": "thread(cause).join()",
    "exit from thread": "thread(lambda: sys.exit(3)).join()",
    "exit while thread runs": "[thread(late), sys.exit(6)]",
    "hook": "[setattr(sys, 'excepthook', excepthook), cause()]",
    "stdout closed": "sys.stdout.close()",
    "stderr replaced": "[setattr(sys, 'stderr', sys.stdout), cause()]",
}


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


def same(folder, *program, err=True):
    """What both ways of running show; ours adds its own words to the end of stderr."""
    native = folder.python(*program)
    audited = folder.audited(*program)
    assert audited[:2] == native[:2]
    if err:
        assert audited.err.startswith(native.err)
        assert len(audited.err.removeprefix(native.err).splitlines()) <= 1
    return audited


@pytest.mark.parametrize("way", WAYS)
def test_a_program_ends_as_without_us(folder, way):
    same(folder, folder.write("ends.py", ENDS), WAYS[way])


@pytest.mark.parametrize("way", ["number", "cause", "raised interrupt", "at once"])
def test_a_module_ends_as_without_us(folder, way):
    folder.write("ends.py", ENDS)
    same(folder, "-m", "ends", WAYS[way])


def test_a_script_sees_what_it_sees_without_us(folder):
    script = folder.write("folder/show.py", SHOW)
    assert (
        "['folder/show.py', '-m', '--flag', 'x', '--', '']" in same(folder, script, "-m", "--flag", "x", "--", "").out
    )


def test_a_module_sees_what_it_sees_without_us(folder):
    folder.write("package/__init__.py", "")
    folder.write("package/show.py", SHOW)
    folder.write("package/__main__.py", "from . import show")
    assert "('package.show'" in same(folder, "-m", "package.show", "x").out
    same(folder, "-m", "package", "--select", "x")


def test_a_folder_a_zip_file_and_compiled_code_run(folder):
    folder.write("app/__main__.py", SHOW)
    with zipfile.ZipFile(folder.path / "app.zip", "w") as archive:
        archive.write(folder.path / "app" / "__main__.py", "__main__.py")
    folder.python("-c", "import py_compile; py_compile.compile('app/__main__.py', 'app.pyc')")
    for program in ("app", "app.zip", "app.pyc"):
        same(folder, program, "x")


def test_a_link_leads_to_the_folder_of_the_script(folder):
    folder.write("real/show.py", SHOW)
    (folder.path / "linked.py").symlink_to(folder.path / "real" / "show.py")
    assert str(folder.path / "real") in same(folder, "linked.py").out


def test_source_is_read_as_python_reads_it(folder):
    (folder.path / "latin.py").write_bytes(b"# coding: latin-1\nprint('\xe9', __doc__)\n")
    (folder.path / "mark.py").write_bytes(b"\xef\xbb\xbf'''words'''\r\nprint(__doc__)\r\n")
    (folder.path / "bad.py").write_bytes(b"print('\xe9')\n")
    folder.write("wrong.py", "x = (\n")
    for program in ("latin.py", "mark.py", "wrong.py"):
        same(folder, program)
    assert "SyntaxError" in same(folder, "bad.py", err=False).err


@pytest.mark.parametrize("program", [("-m", "nowhere"), ("-m", "json.nowhere"), ("-m", "empty"), ("empty",)])
def test_what_cannot_be_run_fails_as_without_us(folder, program):
    folder.write("empty/__init__.py", "")
    same(folder, *program)


def test_a_script_that_is_not_there_is_a_usage_error(folder):
    outcome = folder.audited("nowhere.py")
    assert outcome.code == 2
    assert "nowhere.py" in outcome.err
    assert "Traceback" not in outcome.err


def test_annotations_and_futures_are_the_programs_own(folder):
    same(folder, folder.write("notes.py", "x: undefined_name = 1\n"))
    same(folder, folder.write("more.py", "def f(x: int): ...\nprint(f.__annotations__, f.__code__.co_flags)\n"))


def test_a_pickle_of_main_comes_back(folder):
    text = """\
        import pickle
        class Point: ...
        print(type(pickle.loads(pickle.dumps(Point()))) is Point, Point.__module__)
        """
    same(folder, folder.write("pickles.py", text))


def test_warnings_of_main_are_shown_as_without_us(folder):
    same(folder, folder.write("warns.py", "import warnings\nwarnings.warn('old', DeprecationWarning)\n"))


def test_nothing_heavy_is_imported_for_a_program_without_torch(folder):
    text = "import sys\nprint([name for name in sys.modules if name.split('.')[0] in ('torch', 'libcst', 'numpy')])\n"
    assert same(folder, folder.write("light.py", text)).out == "[]\n"


def test_a_signal_from_outside_ends_it_as_without_us(folder):
    script = folder.write("waits.py", "import time\nprint('ready', flush=True)\ntime.sleep(60)\n")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
        process = folder.start_audited(script)
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.wait(20) == -number
        process.stdout.close()


def test_a_handler_of_a_signal_is_the_programs_own(folder):
    text = """\
        import signal, sys, time
        print(int(signal.getsignal(signal.SIGTERM)), signal.getsignal(signal.SIGINT).__name__)
        signal.signal(signal.SIGTERM, lambda *rest: sys.exit(9))
        print("ready", flush=True)
        time.sleep(60)
        """
    process = folder.start_audited(folder.write("handles.py", text))
    assert process.stdout.readline() == "0 default_int_handler\n"
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.1)
    process.terminate()
    assert process.wait(20) == 9
    process.stdout.close()


def test_a_reader_that_goes_away_ends_it_as_without_us(folder):
    script = folder.write("talks.py", "while True:\n    print('x' * 1000)\n")
    process = folder.start_audited(script)
    process.stdout.readline()
    process.stdout.close()
    native = subprocess.run(
        f"{process.args[0]} talks.py | head -1 >/dev/null; exit ${{PIPESTATUS[0]}}",
        shell=True, executable="/bin/bash", cwd=folder.path, stderr=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    assert process.wait(20) == native.returncode
