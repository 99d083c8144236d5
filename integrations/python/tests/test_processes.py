"""Processes and directories under hostile use: nothing is left, nothing hangs, no answer goes to another question."""

import gc
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from conftest import LABELS, TEXTS, is_running, left

from knas import KNASClassifier, KNASError
from knas.program_predictor import KEPT

WAIT = 30


def until(condition):
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def classifier(fake):
    return KNASClassifier().fit(TEXTS, LABELS)


def script(text):
    """Starts a Python that runs the text."""
    quiet = ["-W", "ignore:This process:DeprecationWarning"]
    return subprocess.Popen([sys.executable, *quiet, "-c", text], stderr=subprocess.PIPE, text=True)


FIT = "from knas import KNASClassifier; from conftest import *; KNASClassifier().fit(TEXTS, LABELS)"


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_a_search_ends_with_the_python_that_is_interrupted_or_killed(fake, temporary, ending):
    fake.tell("slow", 60)
    python = script(FIT)
    until(lambda: fake.processes("searches"))
    (search,) = fake.processes("searches")
    assert is_running(search)
    python.send_signal(ending)
    said = python.communicate(timeout=WAIT)[1]
    until(lambda: not is_running(search))
    if ending == signal.SIGINT:
        assert "KeyboardInterrupt" in said
        assert (fake.folder / "interrupted").read_text() == "search\n"
        assert not left(temporary)


def test_an_interrupted_fit_leaves_an_estimator_that_can_be_fitted(fake, temporary):
    fake.tell("slow", 60)
    classifier = KNASClassifier()
    threading.Timer(
        0, lambda: (until(lambda: fake.commands("search")), os.kill(os.getpid(), signal.SIGINT))
    ).start()
    with pytest.raises(KeyboardInterrupt):
        classifier.fit(TEXTS, LABELS)
    until(lambda: (fake.folder / "interrupted").exists())
    assert not left(temporary)
    fake.tell("slow", 0)
    assert classifier.fit(TEXTS, LABELS).score(TEXTS, LABELS) == 1


def test_an_interrupted_grid_leaves_no_search_in_any_worker(fake):
    fake.tell("slow", 60)
    python = script(
        "from knas import KNASClassifier\nfrom conftest import *\nfrom sklearn.model_selection import GridSearchCV\n"
        "GridSearchCV(KNASClassifier(), {'seed': [1, 2]}, cv=2, n_jobs=2).fit(TEXTS, LABELS)"
    )
    until(lambda: len(fake.processes("searches")) == 2)
    python.send_signal(signal.SIGINT)
    assert "KeyboardInterrupt" in python.communicate(timeout=WAIT)[1]
    until(lambda: not any(map(is_running, fake.processes("searches"))))


def test_one_process_answers_until_it_is_closed(fake, classifier, temporary):
    for _ in range(3):
        classifier.predict(TEXTS)
    (process,) = fake.processes()
    assert is_running(process)
    classifier.close()
    assert not is_running(process)
    assert not left(temporary)
    with classifier as same:
        assert same.score(TEXTS, LABELS) == 1
    assert not is_running(fake.processes()[1])


def test_the_process_ends_with_the_estimator(fake, temporary):
    classifier = KNASClassifier().fit(TEXTS, LABELS)
    classifier.predict(TEXTS)
    (process,) = fake.processes()
    del classifier
    gc.collect()
    until(lambda: not is_running(process))
    assert not left(temporary)


@pytest.mark.parametrize("ending", ["", "os._exit(3)", "os.kill(os.getpid(), 9)"])
def test_the_process_ends_with_python(fake, temporary, ending):
    python = script(
        "import os\nfrom knas import KNASClassifier\nfrom conftest import *\n"
        f"c = KNASClassifier().fit(TEXTS, LABELS); c.predict(TEXTS)\n{ending}"
    )
    assert python.communicate(timeout=WAIT)[1] == ""
    (process,) = fake.processes()
    until(lambda: not is_running(process))
    if not ending:
        assert not left(temporary)


def test_a_process_that_was_killed_is_replaced(fake, classifier):
    classifier.predict(TEXTS)
    os.kill(fake.processes()[0], signal.SIGKILL)
    until(lambda: not is_running(fake.processes()[0]))
    assert classifier.score(TEXTS, LABELS) == 1
    assert len(fake.processes()) == 2


def test_a_process_that_dies_between_answers_is_replaced(fake, classifier):
    fake.tell("die", 5)
    assert classifier.score(TEXTS, LABELS) == 1
    assert len(fake.processes()) == 2


def test_a_process_that_dies_each_time_is_an_error_with_what_it_said(fake, classifier):
    fake.tell("mute", 70)
    with pytest.raises(
        KNASError, match=r"(?s)knas predict ended with exit code 70.*is not installed"
    ):
        classifier.predict(TEXTS)
    assert len(fake.commands("predict")) == 2
    (fake.folder / "mute").unlink()
    assert classifier.score(TEXTS, LABELS) == 1


def test_questions_larger_than_any_pipe_are_answered(fake, classifier):
    texts = ["a" * 200_000, "z" * 200_000] * 10 + ["ab"] * 5000
    answers = classifier.predict(texts)
    assert answers.tolist() == ["first", "last"] * 10 + ["first"] * 5000


def test_threads_get_the_answers_to_their_own_questions(fake, classifier):
    def ask(number):
        texts = ["a" * (number + 1), "z" * (number + 1)] * 20
        return classifier.decision_function(texts)

    expected = [ask(number) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            for one, other in zip(expected, pool.map(ask, range(8))):
                np.testing.assert_array_equal(one, other)
    assert len(fake.processes()) == 1


def test_threads_that_close_and_ask_at_once_do_no_harm(fake, classifier):
    with ThreadPoolExecutor(4) as pool:
        closing = [pool.submit(classifier.close) for _ in range(4)]
        scores = list(pool.map(lambda _: classifier.score(TEXTS, LABELS), range(8)))
    assert scores == [1] * 8 and all(one.result() is None for one in closing)


def test_the_process_outlives_the_thread_that_asked_first(fake, classifier):
    thread = threading.Thread(target=classifier.predict, args=(TEXTS,))
    thread.start()
    thread.join()
    time.sleep(0.1)
    assert classifier.score(TEXTS, LABELS) == 1
    assert len(fake.processes()) == 1


def in_fork(work):
    """Runs work in a forked process that ends as Python does; its exit code, or ``None`` where it hangs."""
    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    process.join(WAIT)
    if process.exitcode is None:
        process.kill()
    return process.exitcode


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_process_has_its_own(fake, classifier, temporary):
    classifier.predict(TEXTS)

    def work():
        assert classifier.score(TEXTS, LABELS) == 1
        classifier.close()

    assert in_fork(work) == 0
    assert in_fork(lambda: None) == 0
    assert classifier.score(TEXTS, LABELS) == 1
    first, second = fake.processes()
    assert is_running(first) and not is_running(second)
    assert len(left(temporary)) == 1


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_fork_that_ends_like_a_script_takes_nothing_from_its_parent(fake, temporary):
    python = script(
        "import os, sys\nfrom knas import KNASClassifier\nfrom conftest import *\n"
        "c = KNASClassifier().fit(TEXTS, LABELS); c.predict(TEXTS)\n"
        "if os.fork() == 0: sys.exit()\n"
        "assert os.wait()[1] == 0\n"
        "assert c.model_.directory.joinpath('config.json').exists()\n"
        "assert c.score(TEXTS, LABELS) == 1\n"
    )
    assert python.communicate(timeout=WAIT)[1] == ""
    assert len(fake.processes()) == 1
    assert not left(temporary)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_fork_while_a_thread_is_asking_does_not_hang(fake, classifier):
    def ask():
        with pytest.raises(KNASError):
            classifier.predict(["a sleep"])

    thread = threading.Thread(target=ask)
    thread.start()
    until(lambda: fake.processes() and (fake.folder / "asked.jsonl").exists())
    assert in_fork(lambda: classifier.predict(TEXTS)) == 0
    for process in fake.processes():
        if is_running(process):
            os.kill(process, signal.SIGKILL)
    # It is asked a second time.
    until(lambda: len(fake.processes()) == 3)
    os.kill(fake.processes()[2], signal.SIGKILL)
    thread.join(WAIT)
    assert not thread.is_alive()


def test_an_interrupted_question_is_not_answered_later(fake, classifier):
    classifier.predict(TEXTS)
    threading.Timer(
        0,
        lambda: (
            until(lambda: len(fake.rows("asked.jsonl")) == 13),
            os.kill(os.getpid(), signal.SIGINT),
        ),
    ).start()
    with pytest.raises(KeyboardInterrupt):
        classifier.predict(["a sleep", "a sleep"])
    assert not is_running(fake.processes()[0])
    assert classifier.score(TEXTS, LABELS) == 1


def test_of_many_estimators_only_some_keep_a_process(fake, classifier):
    text = pickle.dumps(classifier)
    many = [pickle.loads(text) for _ in range(KEPT + 2)]
    for one in [*many, *many]:
        assert one.predict(["aa"]).tolist() == ["first"]
        assert sum(map(is_running, fake.processes())) <= KEPT


def test_copies_share_no_process(fake, classifier):
    classifier.predict(TEXTS)
    copy = pickle.loads(pickle.dumps(classifier))
    copy.predict(TEXTS)
    first, second = fake.processes()
    copy.close()
    assert is_running(first) and not is_running(second)


def test_a_python_without_standard_streams_fits_and_answers(fake):
    python = script(
        "import sys\nsys.stdin = sys.stdout = None\nerror = sys.stderr\nsys.stderr = None\n"
        "import os\nos.close(0); os.close(1)\n"
        "from knas import KNASClassifier\nfrom conftest import *\n"
        "assert KNASClassifier(verbose=True).fit(TEXTS, LABELS).score(TEXTS, LABELS) == 1"
    )
    assert python.communicate(timeout=WAIT)[1] == ""


def test_an_interruption_while_a_process_starts_leaves_none(fake, monkeypatch):
    begun = []
    usual = subprocess.Popen

    def interrupted(*arguments, **options):
        begun.append(usual(*arguments, **options))
        os.kill(os.getpid(), signal.SIGINT)
        return begun[0]

    monkeypatch.setattr("knas.process.subprocess.Popen", interrupted)
    fake.tell("slow", 60)
    with pytest.raises(KeyboardInterrupt):
        KNASClassifier().fit(TEXTS, LABELS)
    assert begun[0].returncode is not None


def test_messages_that_cannot_be_written_are_dropped(fake):
    python = script(
        "import sys\nfrom knas import KNASClassifier\nfrom conftest import *\n"
        "sys.stderr = open('/dev/full', 'w')\n"
        "assert KNASClassifier(verbose=True).fit(TEXTS, LABELS).score(TEXTS, LABELS) == 1\n"
        "sys.stderr = sys.__stderr__"
    )
    assert "Error" not in python.communicate(timeout=WAIT)[1].replace("OSError: [Errno 28]", "")
    assert python.returncode == 0


def test_a_program_that_does_not_speak_json_is_an_error(fake, classifier, tmp_path):
    other = tmp_path / "other"
    other.write_text("#!/bin/sh\nwhile read line; do echo hello; done\n")
    other.chmod(0o755)
    copy = pickle.loads(pickle.dumps(classifier.set_params(program=other)))
    with pytest.raises(KNASError, match="no JSON"):
        copy.predict(TEXTS)


def test_temporary_files_that_were_removed_are_written_again(fake, classifier, temporary):
    classifier.predict(TEXTS)
    (classifier.model_.directory / "config.json").unlink()
    os.kill(fake.processes()[0], signal.SIGKILL)
    assert classifier.score(TEXTS, LABELS) == 1
    classifier.close()
    assert not left(temporary)


def test_a_pickle_that_is_only_read_leaves_no_files(fake, classifier, temporary):
    copy = pickle.loads(pickle.dumps(classifier))
    assert not left(temporary)
    assert copy.score(TEXTS, LABELS) == 1
