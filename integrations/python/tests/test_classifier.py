"""The classifier with a program that only looks like knas."""

import json
import pickle
import warnings

import numpy as np
import pandas
import pytest
from conftest import LABELS, TEXTS, left
from datasets import ClassLabel, Dataset, Features, Value
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline

from knas import BadDataError, KNASClassifier, KNASError, KNASRegressor, MissingError, UsageError

NASTY = [
    'a "quoted"\ttext\nof\r\nlines \\n \\',
    "\U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001d4d0 \u2028 \u2029 \x85 x",
    "{json: [1]} # - yaml: &a *b !c",
    "\x01\x7f e\u0301 \ufeff \u202e x",
]


def test_labels_and_probabilities_come_in_the_order_of_the_classes(fake):
    classifier = KNASClassifier().fit(TEXTS, LABELS)
    assert classifier.classes_.tolist() == ["first", "last"]
    assert classifier.predict(["aaab", "zzzy"]).tolist() == ["first", "last"]
    probabilities = classifier.predict_proba(["aaab", "zzzy"])
    assert probabilities.shape == (2, 2)
    assert probabilities.argmax(axis=1).tolist() == [0, 1]
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_allclose(classifier.predict_log_proba(["aaab"]), np.log(probabilities[:1]))
    assert (classifier.decision_function(["aaab", "zzzy"]) > 0).tolist() == [False, True]
    assert classifier.score(TEXTS, LABELS) == 1
    assert is_classifier(classifier)


@pytest.mark.parametrize(
    "labels",
    [
        np.array([3, 3, 3, -1, -1, -1] * 2),
        np.array([1, 1, 1, 0, 0, 0] * 2, dtype=np.uint8),
        np.array([True, True, True, False, False, False] * 2),
        np.array([1.0, 1.0, 1.0, 2.0, 2.0, 2.0] * 2),
        np.array(["b", "b", "b", "a", "a", "a"] * 2, dtype=object),
        pandas.Series(["b", "b", "b", "a", "a", "a"] * 2, dtype="category"),
        pandas.Series(["b", "b", "b", "a", "a", "a"] * 2, index=range(12, 0, -1)),
        ["", "", "", " ", " ", " "] * 2,
        ["e\u0301", "e\u0301", "e\u0301", "\u00e9", "\u00e9", "\u00e9"] * 2,
        ["x\ny: 1", "x\ny: 1", "x\ny: 1", "\ud83d", "\ud83d", "\ud83d"] * 2,
    ],
    ids=str,
)
def test_labels_of_any_kind_come_back_as_they_are(fake, labels):
    classifier = KNASClassifier().fit(TEXTS, labels)
    expected = np.asarray(labels)
    assert classifier.classes_.dtype == expected.dtype
    answers = classifier.predict(TEXTS)
    assert answers.dtype == expected.dtype
    assert answers.tolist() == expected.tolist()
    copy = pickle.loads(pickle.dumps(classifier))
    assert copy.predict(TEXTS).tolist() == expected.tolist()


def test_texts_arrive_unchanged(fake):
    texts = NASTY * 2
    classifier = KNASClassifier().fit(texts, [0, 1] * 4)
    assert [row["text"] for row in fake.rows("train.jsonl")] == texts
    classifier.predict(texts)
    assert [row["text"] for row in fake.rows("asked.jsonl")] == texts


def test_pairs_arrive_as_such(fake):
    pairs = pandas.DataFrame({"question": TEXTS, "answer": NASTY * 3})
    classifier = KNASClassifier().fit(pairs, LABELS)
    expected = [{"text": text, "pair": pair} for text, pair in zip(TEXTS, NASTY * 3)]
    assert [{k: row[k] for k in ("text", "pair")} for row in fake.rows("train.jsonl")] == expected
    assert fake.task()["columns"] == {"text": "text", "pair": "pair", "label": "label"}
    for form in (pairs, pairs.to_numpy(), list(pairs.itertuples(index=False, name=None))):
        assert classifier.predict(form).tolist() == classifier.predict(pairs).tolist()
    with pytest.raises(BadDataError, match="fitted on pairs of texts, these are single texts"):
        classifier.predict(TEXTS)
    with pytest.raises(BadDataError, match="fitted on single texts, these are pairs"):
        KNASClassifier().fit(TEXTS, LABELS).predict(pairs)


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        (None, "target y is None"),
        (LABELS[:-1], r"inconsistent numbers of samples: \[12, 11\]"),
        (["same"] * 12, "only one class, .*same"),
        ([None] + LABELS[1:], "row 0 has no label"),
        ([*LABELS[:-1], float("nan")], "row 11 has no label"),
        (pandas.Series([*LABELS[:-1], None], dtype="string"), "row 11 has no label"),
        (np.linspace(0, 1, 12), "Unknown label type: continuous"),
        (["a", 1] * 6, r"several kinds \(int, str\)"),
        ("abcabcabcabc", "not one text"),
        (np.zeros((12, 2, 2)), r"shape \(12, 2, 2\)"),
        (np.full((12, 2), 7), "indicator matrix"),
        ([[1, 0], [1]] * 6, "different lengths|1d array"),
    ],
)
def test_labels_that_are_none_are_value_errors(fake, labels, says):
    with pytest.raises(ValueError, match=says):
        KNASClassifier().fit(TEXTS, labels)
    assert not fake.commands("search")


def test_parameters_become_options_of_the_search(fake, tmp_path):
    KNASClassifier(
        "3m",
        ["small", tmp_path],
        preset="fast",
        candidates=np.int64(8),
        seed=0,
        threads=2,
        pairing="both",
        class_weight="balanced",
        options=["--keep", 1],
        run=tmp_path / "kept",
    ).fit(TEXTS, LABELS)
    (words,) = fake.commands("search")
    assert words[1:] == [
        *["--run", str(tmp_path / "kept"), "--balance-classes", "--time-limit", "3m"],
        *["--encoder", f"small,{tmp_path}", "--candidates", "8", "--seed", "0", "--threads", "2"],
        *["--preset", "fast", "--pairing", "both", "--keep", "1"],
    ]
    assert (tmp_path / "kept/result.json").exists()
    assert fake.task()["name"] == "kept"


def test_what_is_not_given_is_left_to_the_program(fake):
    KNASClassifier(time_limit=90).fit(TEXTS, LABELS)
    (words,) = fake.commands("search")
    assert words[3:] == ["--time-limit", "90s"]


def test_rows_of_ones_own_choose_the_model_and_test_it(fake):
    classifier = KNASClassifier(test_fraction=0.3)
    classifier.fit(
        TEXTS,
        LABELS,
        eval_set=[(pandas.Series(NASTY), ["last", "first"] * 2)],
        test_set=(np.array(["zz", "aa"]), np.array(["last", "last"])),
    )
    assert fake.task()["splits"] == {
        "train": "train.jsonl",
        "dev": "dev.jsonl",
        "test": "test.jsonl",
    }
    assert [row["text"] for row in fake.rows("dev.jsonl")] == NASTY
    assert [row["label"] for row in fake.rows("dev.jsonl")] == ["1", "0"] * 2
    assert fake.rows("test.jsonl") == [
        {"text": "zz", "label": "1"},
        {"text": "aa", "label": "1"},
    ]
    KNASClassifier(test_fraction=0.3).fit(TEXTS, LABELS)
    assert fake.task()["splits"] == {
        "train": "train.jsonl",
        "test": {"from": "train", "fraction": 0.3},
    }


def test_sets_of_several_labels_of_numbers_and_in_pipelines(fake):
    several = np.array([[1, 0], [1, 1], [0, 1]] * 4)
    KNASClassifier().fit(TEXTS, several, test_set=(["aa", "zz"], [[1, 1], [0, 0]]))
    assert [row["label"] for row in fake.rows("test.jsonl")] == [["0", "1"], []]
    pairs = [(text, text) for text in TEXTS]
    KNASRegressor().fit(pairs, range(12), eval_set=(pairs[:2], [0.5, 3]))
    assert fake.rows("dev.jsonl")[1] == {"text": TEXTS[1], "pair": TEXTS[1], "label": 3.0}
    pipeline = make_pipeline(KNASClassifier())
    pipeline.fit(TEXTS, LABELS, knasclassifier__eval_set=(TEXTS[:1], LABELS[:1]))
    assert len(fake.rows("dev.jsonl")) == 1


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ((["aa"], ["other"]), "test_set: row 0 has the label 'other', which no row of y has"),
        ((["aa", "zz"], ["last"]), r"test_set: .*inconsistent numbers of samples: \[2, 1\]"),
        (([], []), "test_set: there are no texts"),
        ((["aa", " "], ["last", "first"]), "test_set: row 1 is empty"),
        (([("aa", "b")], ["last"]), "test_set: expected single texts like X, found pairs"),
        ((["aa"], None), "test_set: requires y"),
        (["aa"], r"test_set: expected \(X, y\)"),
        ((["aa"], ["last"], 1), r"test_set: expected \(X, y\)"),
        ([(["aa"], ["last"])] * 2, r"test_set: expected \(X, y\)"),
    ],
)
def test_a_set_that_does_not_fit_is_named(fake, given, says):
    with pytest.raises(ValueError, match=says):
        KNASClassifier().fit(TEXTS, LABELS, test_set=given)
    assert not fake.commands("search")


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"time_limit": True}, "time_limit=True: expected"),
        ({"time_limit": float("inf")}, "time_limit=inf"),
        ({"encoder": []}, "encoder="),
        ({"encoder": 7}, "encoder=7"),
        ({"candidates": 0}, "candidates=0: expected a whole number from 1"),
        ({"candidates": 1.5}, "candidates=1.5"),
        ({"threads": True}, "threads=True"),
        ({"seed": -1}, "seed=-1"),
        ({"class_weight": {0: 1}}, "class_weight="),
        ({"test_fraction": 0}, "test_fraction=0"),
        ({"test_fraction": "x"}, "test_fraction='x'"),
        ({"options": "--keep 1"}, "expected a list of words"),
        ({"options": ["--run=x"]}, "--run is given by run"),
    ],
)
def test_parameters_are_checked_by_fit(fake, parameters, says):
    classifier = KNASClassifier(**parameters)
    with pytest.raises(UsageError, match=says) as error:
        classifier.fit(TEXTS, LABELS)
    assert isinstance(error.value, ValueError)


@pytest.mark.parametrize(
    ("code", "kind"),
    [(64, UsageError), (65, BadDataError), (66, MissingError), (74, KNASError), (130, KNASError)],
)
def test_what_the_program_says_becomes_the_error(fake, code, kind, temporary):
    fake.tell("fail", f"{code} it is wrong, see\nthe second line")
    with pytest.raises(kind, match=r"(?s)knas search: it is wrong, see.the second line") as error:
        KNASClassifier().fit(TEXTS, LABELS)
    assert error.value.code == code
    assert pickle.loads(pickle.dumps(error.value)).code == code
    assert not left(temporary)


def test_what_is_said_of_files_is_about_rows(fake):
    fake.tell("fail", "65 FOLDER/train.jsonl:4:7: the text is odd, see FOLDER/train.jsonl, line 1")
    with pytest.raises(BadDataError, match=r"^knas search: row 3: the text is odd, see row 0$"):
        KNASClassifier().fit(TEXTS, LABELS)
    fake.tell("fail", "65 FOLDER/dev.jsonl:2:1: odd; FOLDER/test.jsonl, line 1; FOLDER/test.jsonl")
    with pytest.raises(
        BadDataError, match=r": row 1 of eval_set: odd; row 0 of test_set; test_set$"
    ):
        KNASClassifier().fit(TEXTS, LABELS)


def test_a_program_that_is_missing_is_said_with_what_to_do(fake, monkeypatch, tmp_path):
    monkeypatch.setenv("KNAS", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingError, match="not on the PATH; to install it, build it") as error:
        KNASClassifier().fit(TEXTS, LABELS)
    assert "knas encoder install" in str(error.value)
    monkeypatch.setenv("KNAS", "/nowhere/knas")
    with pytest.raises(MissingError, match="no program '/nowhere/knas', which KNAS names"):
        KNASClassifier().fit(TEXTS, LABELS)
    with pytest.raises(MissingError, match="no program '/else/knas', which program names"):
        KNASClassifier(program="/else/knas").fit(TEXTS, LABELS)


def test_an_encoder_that_is_missing_is_said_with_the_command(fake):
    classifier = KNASClassifier().fit(TEXTS, LABELS)
    fake.tell("mute", 66)
    with pytest.raises(MissingError, match="run 'knas encoder install small'"):
        classifier.predict(TEXTS)
    assert len(fake.commands("predict")) == 1


def test_a_text_that_the_program_refuses_is_named_by_its_row(fake):
    classifier = KNASClassifier().fit(TEXTS, LABELS)
    with pytest.raises(BadDataError, match="row 3: key `text`: the text is refused"):
        classifier.predict([*TEXTS[:3], "refused"])
    # The answers after it are not taken for those of the next question.
    assert classifier.score(TEXTS, LABELS) == 1


def test_warnings_of_the_program_are_warnings(fake):
    fake.tell("warn", "labels differ by case only")
    with pytest.warns(UserWarning, match="labels differ by case only") as found:
        KNASClassifier().fit(TEXTS, LABELS)
    assert found[0].filename == __file__


def test_nothing_is_answered_before_fit(fake):
    for method in ("predict", "predict_proba", "decision_function", "save", "to_onnx"):
        with pytest.raises(NotFittedError):
            getattr(KNASClassifier(), method)(TEXTS)
    KNASClassifier().close()


def test_progress_is_shown_where_it_is_asked_for(fake, capfd):
    KNASClassifier(verbose=True).fit(TEXTS, LABELS)
    said = capfd.readouterr()
    assert said.out == ""
    assert "knas: task texts: 12 train\n" in said.err
    assert "knas: accuracy 0.750 on held-out rows, accuracy 0.500 on test rows, " in said.err
    KNASClassifier(verbose=False).fit(TEXTS, LABELS)
    KNASClassifier().fit(TEXTS, LABELS)
    assert capfd.readouterr().err == ""
    with pytest.raises(UsageError, match="verbose is 'x': expected None, True or False"):
        KNASClassifier(verbose="x").fit(TEXTS, LABELS)


def test_the_report_is_shown_in_a_frame(fake, tmp_path):
    classifier = KNASClassifier().fit(TEXTS, LABELS)
    assert (
        'srcdoc="&lt;!doctype html&gt;&lt;p&gt;a &quot;report' in classifier.report_._repr_html_()
    )
    assert classifier.report_.save(tmp_path / "r.html").read_text() == classifier.report_.html
    assert classifier.result_["exported"]["test"]["accuracy"] == 0.5


def test_clones_have_the_parameters_and_nothing_else(fake):
    classifier = KNASClassifier("90s", threads=1, options=["--keep", "1"]).fit(TEXTS, LABELS)
    copy = clone(classifier)
    assert copy.get_params() == classifier.get_params()
    assert not hasattr(copy, "classes_")
    assert "options=['--keep', '1']" in repr(classifier)


def test_a_pickle_holds_the_model(fake, temporary):
    classifier = KNASClassifier().fit(TEXTS, LABELS)
    expected = classifier.predict_proba(TEXTS)
    text = pickle.dumps(classifier)
    classifier.close()
    del classifier
    assert not left(temporary)
    copy = pickle.loads(text)
    assert (copy.predict_proba(TEXTS) == expected).all()
    assert (copy.model_.directory / "deep/weights").read_bytes() == bytes(range(256))
    assert copy.report_.html


def test_a_saved_model_is_loaded_with_its_labels(fake, tmp_path):
    classifier = KNASClassifier(candidates=8).fit(TEXTS, [7, 7, 7, 3, 3, 3] * 2)
    classifier.save(tmp_path / "model")
    classifier.save(tmp_path / "model")
    copy = KNASClassifier.load(tmp_path / "model", threads=1)
    assert copy.classes_.dtype == int and copy.classes_.tolist() == [3, 7]
    assert (copy.predict(TEXTS) == classifier.predict(TEXTS)).all()
    assert copy.candidates == 8 and copy.threads == 1
    assert pickle.loads(pickle.dumps(copy)).predict(["zz"]).tolist() == [3]
    (tmp_path / "other").mkdir()
    (tmp_path / "other/mine").write_text("keep")
    with pytest.raises(UsageError, match="no model that `save` has written"):
        classifier.save(tmp_path / "other")
    with pytest.raises(MissingError, match=r"KNASClassifier\.load takes it"):
        KNASRegressor.load(tmp_path / "model")


def test_any_model_of_the_program_is_loaded_with_its_names_sorted(fake, tmp_path):
    KNASClassifier(run=tmp_path / "run").fit(TEXTS, [10, 10, 10, 9, 9, 9] * 2)
    copy = KNASClassifier.load(tmp_path / "run")
    assert copy.classes_.tolist() == ["10", "9"]
    assert copy.report_.html and copy.result_["metrics"] == ["accuracy"]
    assert copy.predict(["aaa", "zzz"]).tolist() == ["10", "9"]
    assert copy.predict_proba(["aaa"])[0, 0] > 0.5


def test_the_classes_that_remain_are_a_matrix_in_the_order_of_the_classes(fake, tmp_path):
    classifier = KNASClassifier().fit(TEXTS, [10, 10, 10, 9, 9, 9] * 2)
    texts = ["aaab", "zzzy", "az"]
    probabilities = classifier.predict_proba(texts)
    for abstain, threshold in ((0.05, 0.95), (0.1, 0.9), (0.12, 0.9), (0.5, 0.5), (0.999, 0.05)):
        remain = classifier.predict_set(texts, abstain=abstain)
        assert remain.dtype == bool and remain.shape == (3, 2)
        assert (remain == (1 - probabilities <= threshold)).all()
    assert classifier.classes_[classifier.predict_set(["aaab"], 0.5)[0]].tolist() == [10]
    familiarity = classifier.familiarity([TEXTS[0], "q" * 9])
    assert familiarity.shape == (2,) and familiarity[1] <= 0.05 < familiarity[0]
    for share in (0, 1, -0.1, 2, True, "0.05", None):
        with pytest.raises(UsageError, match="between 0 and 1"):
            classifier.predict_set(texts, abstain=share)
    with pytest.raises(UsageError, match="1 in 20 at best"):
        classifier.predict_set(texts, abstain=0.04)
    several = KNASClassifier().fit(TEXTS, np.array([[1, 0], [1, 1], [1, 0]] * 4))
    with pytest.raises(UsageError, match="each has a threshold"):
        several.predict_set(texts)
    with pytest.raises(NotFittedError):
        KNASClassifier().predict_set(texts)
    with pytest.raises(NotFittedError):
        KNASClassifier().familiarity(texts)


def test_what_a_model_of_an_earlier_version_lacks_is_said(fake, tmp_path):
    KNASClassifier(run=tmp_path / "run").fit(TEXTS, LABELS)
    path = tmp_path / "run/model/config.json"
    config = json.loads(path.read_text())
    del config["conformal"]
    path.write_text(json.dumps(config))
    with pytest.raises(MissingError, match="of an earlier version"):
        KNASClassifier.load(tmp_path / "run").predict_set(["a"])


def test_a_damaged_file_is_no_missing_one(fake, tmp_path):
    model = tmp_path / "run/model"
    KNASClassifier(run=tmp_path / "run").fit(TEXTS, LABELS).save(tmp_path / "saved")
    (model / "model.onnx").write_bytes(b"onnx")
    with pytest.raises(BadDataError, match=r"model\.onnx is damaged"):
        KNASClassifier.load(model, runtime="onnx")
    for content in ("{", "[]", "{}", '{"labels": 1, "hasPairs": true}'):
        (model / "config.json").write_text(content)
        with pytest.raises(BadDataError, match=r"run/model/config\.json is damaged"):
            KNASClassifier.load(model)
    for content in ("{", "[]", '{"classes": [1]}', '{"classes": {}, "dtype": "x"}'):
        (tmp_path / "saved/scikit-learn.json").write_text(content)
        with pytest.raises(BadDataError, match=r"saved/scikit-learn\.json is damaged"):
            KNASClassifier.load(tmp_path / "saved")


def test_what_is_no_model_is_said(fake, tmp_path):
    with pytest.raises(MissingError, match="no model directory"):
        KNASClassifier.load(tmp_path / "nowhere")
    with pytest.raises(MissingError, match=r"there is no config\.json in"):
        KNASClassifier.load(tmp_path)
    with pytest.raises(MissingError, match="there is no ONNX file"):
        KNASClassifier.load(tmp_path, runtime="onnx")
    with pytest.raises(UsageError, match="runtime='gpu'"):
        KNASClassifier.load(tmp_path, runtime="gpu")


def test_an_onnx_file_is_written_by_the_program(fake, tmp_path):
    classifier = KNASClassifier().fit(TEXTS, LABELS)
    assert [path.name for path in classifier.to_onnx(tmp_path / "m.onnx")] == [
        "m.onnx",
        "tokenizer.json",
    ]
    classifier.save(tmp_path / "all", onnx=True)
    assert (tmp_path / "all/model.onnx").read_bytes() == b"onnx"


@pytest.mark.parametrize("jobs", [None, 2])
def test_grids_are_searched(fake, jobs, temporary):
    grid = GridSearchCV(KNASClassifier(), {"preset": ["fast", "standard"]}, cv=2, n_jobs=jobs)
    grid.fit(pandas.Series(TEXTS), LABELS)
    assert grid.best_score_ == 1
    assert len(fake.commands("search")) == 5
    assert grid.predict(["aab"]).tolist() == ["first"]
    assert pickle.loads(pickle.dumps(grid)).predict(["aab"]).tolist() == ["first"]
    grid.best_estimator_.close()
    assert not left(temporary)


@pytest.mark.parametrize("pairs", [list(zip(TEXTS, TEXTS)), np.array([TEXTS, TEXTS]).T])
def test_rows_are_drawn_from_pairs(fake, pairs):
    assert cross_val_score(KNASClassifier(), pairs, LABELS, cv=2).tolist() == [1, 1]
    shape = cross_val_predict(KNASClassifier(), pairs, LABELS, cv=2, method="predict_proba").shape
    assert shape == (12, 2)


@pytest.mark.parametrize("labels", ["label", "number"])
def test_columns_of_data_sets_are_taken_as_they_are(fake, labels):
    features = Features(text=Value("string"), pair=Value("string"), label=Value("string"))
    features["number"] = ClassLabel(names=["first", "last"])
    table = {"text": TEXTS, "pair": TEXTS, "label": LABELS, "number": LABELS}
    data = Dataset.from_dict(table, features)
    for X in (data["text"], data.select_columns(["text", "pair"])):
        classifier = KNASClassifier().fit(X, data[labels])
        assert classifier.score(X, data[labels]) == 1
    scores = cross_val_score(KNASClassifier(), data["text"], data[labels], cv=2)
    assert scores.tolist() == [1, 1]


def test_a_pipeline_ends_with_it(fake):
    class Lower:
        def fit(self, X, y=None):
            return self

        def transform(self, X):
            return [text.lower() for text in X]

    assert make_pipeline(Lower(), KNASClassifier()).fit(TEXTS, LABELS).score(TEXTS, LABELS) == 1


def test_several_labels_a_row_are_an_indicator_matrix(fake, tmp_path):
    y = pandas.DataFrame(
        {"early": [1, 1, 1, 0, 0, 0] * 2, "late": [0, 0, 0, 1, 1, 1] * 2, "any": 1}
    )
    classifier = KNASClassifier().fit(TEXTS, y)
    assert fake.task()["multi-label"] is True
    assert fake.rows("train.jsonl")[0]["label"] == ["0", "2"]
    assert classifier.classes_.tolist() == ["early", "late", "any"]
    answers = classifier.predict(TEXTS)
    assert answers.shape == (12, 3) and set(answers.ravel()) <= {0, 1}
    assert classifier.predict_proba(TEXTS).shape == (12, 3)
    assert (answers[:, 0] == y["early"]).all()
    classifier.save(tmp_path / "model")
    assert (KNASClassifier.load(tmp_path / "model").predict(TEXTS) == answers).all()
    assert KNASClassifier().fit(TEXTS, y.to_numpy().tolist()).classes_.tolist() == [0, 1, 2]
    with pytest.raises(BadDataError, match="no row has the label any"):
        KNASClassifier().fit(TEXTS, y.assign(any=0))


def test_numbers_have_a_regressor(fake, tmp_path):
    y = np.linspace(0, 1, 12)
    regressor = KNASRegressor("60s").fit(TEXTS, y)
    assert fake.task()["target"] == "number"
    assert [row["label"] for row in fake.rows("train.jsonl")] == y.tolist()
    assert regressor.predict([TEXTS[3], TEXTS[4]]).tolist() == y[3:5].tolist()
    np.testing.assert_allclose(
        regressor.predict_interval(TEXTS[3:5], abstain=0.1), y[3:5, None] + [[-0.9, 0.9]]
    )
    assert regressor.familiarity(TEXTS[3:5]).tolist() == [1, 1]
    regressor.save(tmp_path / "model")
    assert KNASRegressor.load(tmp_path / "model").predict([TEXTS[1]]).tolist() == [y[1]]
    with pytest.raises(MissingError, match=r"KNASRegressor\.load takes it"):
        KNASClassifier.load(tmp_path / "model")
    for bad, says in (
        (["x"] * 12, "numbers"),
        ([np.inf] * 12, "infinity"),
        ([1] * 12, "nothing to learn"),
    ):
        with pytest.raises(BadDataError, match=says):
            KNASRegressor().fit(TEXTS, bad)


def test_a_second_fit_replaces_the_first(fake, temporary):
    classifier = KNASClassifier().fit(TEXTS, LABELS)
    classifier.predict(TEXTS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        classifier.fit(TEXTS, [1, 1, 1, 2, 2, 2] * 2)
    assert classifier.predict(TEXTS).tolist() == [1, 1, 1, 2, 2, 2] * 2
    assert len(left(temporary)) == 1
