"""A classifier of texts as scikit-learn has it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin

from .errors import BadDataError, MissingError, UsageError, damaged
from .estimator import STATE_FILE, TextEstimator
from .multilabel import indicator, labels_of
from .targets import classes_of, indices_of, names_of, one_dimensional
from .texts import rows

Floats = NDArray[np.float64]


class KNASClassifier(ClassifierMixin, TextEstimator):  # type: ignore[misc]
    """Finds the best small classifier for labelled texts, or pairs of texts, with the ``knas`` program.

    >>> classifier = KNASClassifier(time_limit="3m").fit(texts, labels)   # doctest: +SKIP
    >>> classifier.predict(["Could somebody bring two more towels?"])     # doctest: +SKIP
    array(['housekeeping'], dtype='<U12')

    Parameters have the names and the meaning of the options of ``knas search``; what is ``None`` is left to the program.

    ``time_limit``: ``"90s"``, ``"3m"``, ``"1h"``, or seconds: the best model within this time.
    ``encoder``: the name or path of an installed encoder, or a list of them; default ``multilingual-e5-small``.
    ``preset``: ``"fast"``, ``"standard"`` or ``"thorough"``, how much work a search without a time limit does.
    ``candidates``: heads that are scored. ``seed``: of everything random, 1 by default: the same search gives the same
    model. ``threads``: for the search and for answers; results do not depend on it.
    ``pairing``: how pairs are encoded, ``"joint"``, ``"siamese"`` or ``"both"``.
    ``class_weight``: ``None``, or ``"balanced"``, which gives every class the same weight in training.
    ``test_fraction``: the share of the rows that is set aside for what the report says about the test rows.
    ``run``: a directory to keep the run in; there must be none yet, unless ``options`` has ``--overwrite`` or
    ``--resume``. ``options``: more options of ``knas search``, as a list of words.
    ``program``: where ``knas`` is; default: the variable ``KNAS``, then the ``PATH``.
    ``verbose``: ``None`` shows progress in notebooks and on terminals, ``True`` everywhere, ``False`` nowhere.

    After ``fit`` there are ``classes_``, ``report_`` (which a notebook displays), ``result_`` (what ``result.json``
    holds) and ``model_`` (the files of the model directory).
    """

    def __init__(
        self,
        time_limit: str | float | None = None,
        encoder: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None = None,
        *,
        preset: str | None = None,
        candidates: int | None = None,
        seed: int | None = None,
        threads: int | None = None,
        pairing: str | None = None,
        class_weight: str | None = None,
        test_fraction: float = 0.1,
        run: str | os.PathLike[str] | None = None,
        options: Sequence[str] = (),
        program: str | os.PathLike[str] | None = None,
        verbose: bool | int | None = None,
    ) -> None:
        super().__init__(
            time_limit,
            encoder,
            preset=preset,
            candidates=candidates,
            seed=seed,
            threads=threads,
            pairing=pairing,
            test_fraction=test_fraction,
            run=run,
            options=options,
            program=program,
            verbose=verbose,
        )
        self.class_weight = class_weight

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.classifier_tags.multi_label = True
        return tags

    def fit(self, X: Any, y: Any, *, eval_set: Any = None, test_set: Any = None) -> KNASClassifier:
        """Searches for a model.

        ``X``: texts, ``[rows]``, or pairs of texts, ``[rows, 2]``: a list, an array, a pandas ``Series`` or
        ``DataFrame``, a column of a Hugging Face data set.
        ``y``: a label for each row, of any kind that can be sorted; or, for several labels a row, an indicator matrix
        ``[rows, labels]`` of 0 and 1.
        ``eval_set``: rows of your own to choose the model by, ``(X, y)``, instead of a tenth of ``X``. Heads are also
        compared on parts of ``X`` that are held out in turn, and then trained on these rows, too.
        ``test_set``: rows of your own for the report's test figures, ``(X, y)``, instead of ``test_fraction`` of ``X``; no
        model sees them before.

        Raises ``BadDataError`` and ``UsageError``, both ``ValueError``; ``MissingError`` where the program or an encoder is
        not installed; ``KNASError`` where the search fails.
        """
        found = rows(X)
        several = indicator(y, len(found))
        labels: list[Any]
        if several is not None:
            classes, labels, keys = several
        else:
            classes, indices = classes_of(one_dimensional(y, len(found)))
            names = names_of(classes.tolist())
            labels = [str(index) for index in indices]
            keys = {"labels": [{str(index): name} for index, name in enumerate(names)]}

        def labelled(more: Any, count: int) -> list[Any]:
            if several is not None:
                return labels_of(more, count, len(classes))
            return [str(index) for index in indices_of(one_dimensional(more, count), classes)]

        self._search(found, labels, keys, {"eval_set": eval_set, "test_set": test_set}, labelled)
        self.classes_: NDArray[Any] = classes
        self._columns = np.arange(len(classes))
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """The label of each row, ``[rows]``; of a model with several labels a row an indicator matrix, ``[rows, labels]``.

        Raises ``BadDataError``, a ``ValueError``, for what is no text; ``KNASError`` where the program fails.
        """
        probabilities = self._probabilities(X)
        answers: NDArray[Any] = self.classes_[probabilities.argmax(axis=1)]
        if self._description.target == "labels":
            thresholds = np.array(self._description.thresholds, np.float32)[self._columns]
            answers = (probabilities.astype(np.float32) >= thresholds).astype(int)
        return answers

    def predict_set(self, X: Any, abstain: float = 0.05) -> NDArray[np.bool_]:
        """The classes that remain when at most the share ``abstain`` of rows may be answered wrong, ``[rows, classes]``, in
        the order of ``classes_``.

        The promise holds for rows like those of training: in that share of them at most, the true class does not
        remain. There may be none; rows in which one remains are the ones to answer.

        >>> remain = classifier.predict_set(texts, abstain=0.05)      # doctest: +SKIP
        >>> sure = remain.sum(axis=1) == 1                            # doctest: +SKIP

        Raises as ``predict`` does; ``UsageError`` where the model cannot promise that, or has several labels a row;
        ``MissingError`` for models of earlier versions.
        """
        threshold = self._threshold(abstain, "predict_set")
        # As the program has them: the last bit decides.
        probabilities = self._probabilities(X).astype(np.float32).astype(np.float64)
        remain: NDArray[np.bool_] = 1 - probabilities <= threshold
        return remain

    def predict_proba(self, X: Any) -> Floats:
        """The probability of each class, ``[rows, classes]``, in the order of ``classes_``; with several labels a row
        that of each label. Raises as ``predict`` does."""
        probabilities = self._probabilities(X)
        if self._description.target == "class":
            # Sums of float32 differ from 1 in the seventh digit.
            probabilities /= probabilities.sum(axis=1, keepdims=True)
        return probabilities

    def predict_log_proba(self, X: Any) -> Floats:
        """The logarithms of ``predict_proba``, also of probabilities that are 0 in float32."""
        logits = self._logits(X)
        logarithms: Floats = -np.logaddexp(0, -logits)
        if self._description.target == "class":
            shifted = logits - logits.max(axis=1, keepdims=True)
            logarithms = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return logarithms

    def decision_function(self, X: Any) -> Floats:
        """The logits, ``[rows, classes]``; of two classes how much higher that of the second is, ``[rows]``."""
        logits = self._logits(X)
        if len(self.classes_) == 2 and self._description.target == "class":
            return np.diff(logits)[:, 0]
        return logits

    def _probabilities(self, X: Any) -> Floats:
        """In the order of ``classes_``; a copy of its own."""
        probabilities: Floats = self._outputs(X).probabilities[:, self._columns]
        return probabilities

    def _logits(self, X: Any) -> Floats:
        logits: Floats = self._outputs(X).logits[:, self._columns]
        return logits

    def _state(self) -> dict[str, Any]:
        values = self.classes_.tolist()
        if not all(isinstance(value, (str, bool, int, float)) for value in values):
            raise UsageError(
                f"labels of type {type(values[0]).__name__} cannot be saved; pickle the classifier"
            )
        dtype = "O" if self.classes_.dtype.kind not in "biufU" else self.classes_.dtype.str
        return {**super()._state(), "classes": values, "dtype": dtype}

    def _describe(self, state: Mapping[str, Any]) -> None:
        description = self._description
        if description.target == "number":
            raise MissingError("the model answers with numbers: KNASRegressor.load takes it")
        if "classes" in state:
            place = self.model_.place(STATE_FILE)
            try:
                self.classes_ = np.array(state["classes"], dtype=state["dtype"])
            except (KeyError, TypeError, ValueError) as error:
                raise damaged(place, "what `save` writes", error) from None
            if self.classes_.shape != (len(description.labels),):
                raise BadDataError(f"{place} has other classes than the model beside it")
            self._columns = np.arange(len(self.classes_))
        else:
            self.classes_, self._columns = np.unique(
                np.array(description.labels), return_index=True
            )
