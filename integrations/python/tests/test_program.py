"""The real program and real weights: what is fitted, saved and loaded, with and without the program."""

import json
import os
import pickle
import re
import subprocess
import sys

import nbformat
import numpy as np
import pandas
import pytest
from conftest import PACKAGE, left
from joblib.externals.loky import get_reusable_executor
from sklearn.model_selection import GridSearchCV

from knas import BadDataError, KNASClassifier, KNASRegressor, MissingError

#: A portfolio of several heads on several layers, and one head on one.
SMALL = ["--keep", "1", "--seeds", "1", "--tune", "0", "--controls", "none", "--init-seeds", "1"]
FAST = [*SMALL, "--layers", "last", "--single", "--epochs", "2"]
THINGS = {
    "room": "towel pillow blanket shower key lamp".split(),
    "bill": "price invoice receipt refund charge deposit".split(),
    "trip": "taxi airport train bus flight ferry".split(),
}
TEXTS = [
    f'Could you see to the {thing}, "please"?\nRoom {number}\t\U0001f600 caf\u00e9'
    for number in range(3)
    for things in THINGS.values()
    for thing in things
]
LABELS = [label for _ in range(3) for label, things in THINGS.items() for _ in things]
PAIRS = [(text, f"It is about the {label}.") for text, label in zip(TEXTS, LABELS[1:] + LABELS[:1])]
SAME = [own == other for own, other in zip(LABELS, LABELS[1:] + LABELS[:1])]
#: Texts that tokenizers may read in different ways.
HARD = [
    "Tow\u0065\u0301ls \u00e9\u00df\u0130 \u4e2d\u6587\u5b57 \u0e44\u0e17\u0e22 \U0001f469\u200d\U0001f467 [SEP] <s> </s> <mask>",
    "  leading and trailing \t\n",
    "word " * 400,
    "x",
    "\u200btaxi\u00a0\u2028bus\x07",
]
DEFAULT = "multilingual-e5-small"


def fast(knas, encoder, **parameters):
    return KNASClassifier(
        encoder=encoder, candidates=8, threads=1, options=FAST, program=knas, **parameters
    )


@pytest.fixture(scope="module")
def fitted(knas, encoder):
    with fast(knas, encoder).fit(TEXTS, LABELS) as classifier:
        yield classifier


def test_rows_of_ones_own_are_dev_and_test(knas, encoder):
    with fast(knas, encoder) as classifier:
        classifier.fit(
            TEXTS[:36],
            LABELS[:36],
            eval_set=(TEXTS[36::2], LABELS[36::2]),
            test_set=(TEXTS[37::2], LABELS[37::2]),
        )
        exported = classifier.result_["exported"]
        assert exported["test"]["count"] == 9
        assert classifier.result_["rows"] == {"train": 36, "dev": 9, "test": 9}


def test_a_search_gives_a_classifier(fitted, temporary):
    assert fitted.classes_.tolist() == ["bill", "room", "trip"]
    assert fitted.score(TEXTS, LABELS) > 0.9
    assert fitted.predict(["A ferry, a bus and a train"]).tolist() == ["trip"]
    probabilities = fitted.predict_proba(TEXTS)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    # Batches do not change an answer.
    np.testing.assert_allclose(fitted.predict_proba(TEXTS[:1]), probabilities[:1], atol=1e-5)
    logits = fitted.decision_function(HARD)
    np.testing.assert_allclose(
        fitted.predict_log_proba(HARD),
        logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)),
        atol=1e-4,
    )
    assert "<html" in fitted.report_.html
    assert fitted.result_["rows"]["test"] == round(0.1 * len(TEXTS))


def test_it_says_what_the_program_says(fitted, knas):
    answers = fitted.predict(TEXTS + HARD)
    lines = "".join(json.dumps({"text": text}) + "\n" for text in TEXTS + HARD)
    done = subprocess.run(
        [knas, "predict", str(fitted.model_.directory), "--format", "jsonl"],
        input=lines,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["label"] for answer in said] == answers.tolist()
    assert fitted.familiarity(TEXTS + HARD).tolist() == [a["familiarity"] for a in said]


def test_the_classes_that_remain_are_those_of_the_program(fitted, knas, tmp_path):
    lines = "".join(json.dumps({"text": text}) + "\n" for text in TEXTS + HARD)
    fitted.to_onnx(tmp_path / "model.onnx")
    alone = KNASClassifier.load(tmp_path, runtime="onnx")
    for abstain in ("0.05", "0.1", "0.4"):
        done = subprocess.run(
            [knas, "predict", str(fitted.model_.directory), "--format", "jsonl"]
            + ["--abstain", abstain],
            input=lines,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        remain = fitted.predict_set(TEXTS + HARD, abstain=float(abstain))
        sets = [fitted.classes_[row].tolist() for row in remain]
        assert sets == [json.loads(line)["set"] for line in done.stdout.splitlines()]
        # What an export says of itself is enough; answers may differ in the last digits.
        assert (alone.predict_set(TEXTS + HARD, abstain=float(abstain)) == remain).mean() > 0.98
    with pytest.raises(MissingError, match="needs the program knas"):
        alone.familiarity(HARD)


def test_the_same_search_gives_the_same_model(fitted, knas, encoder):
    again = fast(knas, encoder).fit(pandas.Series(TEXTS), np.array(LABELS, object))
    assert again.model_.contents["head.safetensors"] == fitted.model_.contents["head.safetensors"]
    assert pickle.loads(pickle.dumps(again)).predict(HARD).tolist() == fitted.predict(HARD).tolist()


WITHOUT_PROGRAM = """
import json, os, sys
os.environ.pop("KNAS", None)
os.environ["PATH"] = "/nowhere"
from knas import KNASClassifier
c = KNASClassifier.load(sys.argv[1])
rows = json.load(sys.stdin)
json.dump({"classes": c.classes_.tolist(), "probabilities": c.predict_proba(rows).tolist(),
           "logits": c.decision_function(rows).tolist()}, sys.stdout)
"""


def without_program(directory, rows):
    """What a Python without the program says."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_PROGRAM, str(directory)],
        input=json.dumps(rows),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.mark.filterwarnings("ignore:too few rows could be set aside:UserWarning")
@pytest.mark.filterwarnings("ignore:rows that share a text:UserWarning")
@pytest.mark.parametrize("pairs", [False, True], ids=["texts", "pairs"])
def test_onnxruntime_alone_gives_the_same_answers(pairs, knas, encoder, tmp_path):
    if not pairs and sys.version_info < (3, 10):
        pytest.skip("the onnxruntime of this Python has no ArgMax of int64, which some heads need")
    if pairs:
        rows, labels, hard = PAIRS, SAME, list(zip(HARD, HARD[::-1]))
        classifier = fast(knas, encoder, pairing="both")
    else:
        rows, labels, hard = TEXTS, LABELS, HARD
        classifier = fast(knas, DEFAULT)
    classifier.set_params(options=SMALL).fit(rows, labels)
    classifier.save(tmp_path / "model", onnx=True)
    expected = {
        "probabilities": classifier.predict_proba(rows + hard),
        "logits": classifier.decision_function(rows + hard),
    }
    classifier.close()
    found = without_program(tmp_path / "model", rows + hard)
    assert found["classes"] == classifier.classes_.tolist()
    for key, values in expected.items():
        np.testing.assert_allclose(found[key], values, atol=1e-4)


def test_an_export_alone_is_a_model(fitted, tmp_path):
    fitted.to_onnx(tmp_path / "model.onnx")
    found = without_program(tmp_path, TEXTS + HARD)
    assert found["classes"] == ["bill", "room", "trip"]
    np.testing.assert_allclose(
        found["probabilities"], fitted.predict_proba(TEXTS + HARD), atol=1e-4
    )
    with pytest.raises(MissingError, match=r"there is no config\.json"):
        KNASClassifier.load(tmp_path, program=fitted.program, runtime="program")
    whole = (tmp_path / "model.onnx").read_bytes()
    for damaged in (whole[: len(whole) // 2], b"\0" * 1000, b""):
        (tmp_path / "model.onnx").write_bytes(damaged)
        with pytest.raises(BadDataError, match=r"model\.onnx is damaged"):
            KNASClassifier.load(tmp_path, runtime="onnx")
    (tmp_path / "model.onnx").write_bytes(whole)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(BadDataError, match=r"tokenizer\.json is damaged"):
        KNASClassifier.load(tmp_path, runtime="onnx")
    os.remove(tmp_path / "tokenizer.json")
    with pytest.raises(MissingError, match=r"has no tokenizer\.json"):
        KNASClassifier.load(tmp_path, runtime="onnx")


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_runs_onnxruntime_too(fitted, tmp_path):
    from test_processes import in_fork

    fitted.to_onnx(tmp_path / "model.onnx")
    loaded = KNASClassifier.load(tmp_path, runtime="onnx")
    expected = loaded.predict(TEXTS[:3]).tolist()

    def work():
        assert loaded.predict(TEXTS[:3]).tolist() == expected

    assert in_fork(work) == 0
    assert loaded.predict(TEXTS[:3]).tolist() == expected
    assert pickle.loads(pickle.dumps(loaded)).predict(TEXTS[:3]).tolist() == expected


def test_grids_are_searched_in_processes(knas, encoder, temporary):
    # Workers of an earlier test would keep to its directory for temporary files, which is gone.
    get_reusable_executor().shutdown(wait=True)
    grid = GridSearchCV(
        fast(knas, encoder),
        {"class_weight": ["balanced"]},
        cv=2,
        n_jobs=2,
        error_score="raise",
    )
    assert grid.fit(TEXTS, LABELS).best_score_ > 0.5
    grid.best_estimator_.close()
    assert not left(temporary)


def test_several_labels_and_numbers(knas, encoder):
    several = np.array([[label == "room", label != "trip"] for label in LABELS])
    with fast(knas, encoder) as classifier:
        assert classifier.fit(TEXTS, several).predict(TEXTS).shape == several.shape
        assert classifier.score(TEXTS, several) > 0.5
    regressor = KNASRegressor(encoder=encoder, candidates=8, threads=1, options=FAST, program=knas)
    with regressor as same:
        numbers = np.array([float(label == "room") for label in LABELS])
        assert same.fit(TEXTS, numbers).score(TEXTS, numbers) > 0


def test_an_encoder_that_is_not_installed_is_said_with_the_command(knas, tmp_path, monkeypatch):
    monkeypatch.setenv("KNAS_HOME", str(tmp_path))
    with pytest.raises(MissingError, match="run 'knas encoder install all-minilm-l6-v2'") as error:
        fast(knas, "all-minilm-l6-v2").fit(TEXTS, LABELS)
    assert error.value.code == 66


def test_an_interrupted_run_that_is_kept_goes_on(knas, encoder, tmp_path):
    run = tmp_path / "run"
    first = fast(knas, encoder, run=run).fit(TEXTS, LABELS)
    (run / "result.json").unlink()
    again = fast(knas, encoder, run=run).set_params(options=[*FAST, "--resume"]).fit(TEXTS, LABELS)
    assert again.model_.contents == first.model_.contents


def lines_of(readme):
    """The first block of Python under "From Python"."""
    section = readme.read_text("utf-8").split("## From Python")[1]
    return re.search(r"```python\n(.*?)```", section, re.S)[1]


READMES = [PACKAGE / "README.md", PACKAGE.parents[1] / "README.md"]


def prepared(monkeypatch, knas, encoder, folder, lines):
    """The lines as they stand, where the program, the table and a fast search are."""
    table = pandas.DataFrame({"text": TEXTS, "topic": LABELS})
    table.to_csv(folder / "messages.csv", index=False)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("KNAS", knas)
    # Thirty seconds are the least that a search takes as its limit.
    return lines.replace('time_limit="3m"', f'encoder="{encoder}", candidates=8, options={FAST}')


@pytest.mark.parametrize("readme", READMES, ids=["package", "repository"])
def test_the_lines_of_the_readme_run(readme, knas, encoder, tmp_path, monkeypatch):
    lines = lines_of(readme)
    assert len(lines.splitlines()) <= 10
    lines = prepared(monkeypatch, knas, encoder, tmp_path, lines)
    names = {}
    exec(compile(lines, str(readme), "exec"), names)
    names["classifier"].close()
    assert 0 <= names["classifier"].score(TEXTS, LABELS) <= 1
    names["classifier"].close()


def test_a_notebook_fits_predicts_and_shows_the_report(knas, encoder, tmp_path, monkeypatch):
    notebook = nbformat.read(PACKAGE / "examples/messages.ipynb", 4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = prepared(monkeypatch, knas, encoder, tmp_path, cell.source)
    nbformat.write(notebook, tmp_path / "messages.ipynb")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "jupyter",
            "nbconvert",
            "--to",
            "html",
            "--execute",
            "messages.ipynb",
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "messages.html").read_text("utf-8")
    assert "srcdoc=" in page and "knas: accuracy" in page
