"""What the estimators for classes and for numbers have in common."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from . import process
from .conformal import checked_share
from .errors import BadDataError, KNASError, MissingError, UsageError, damaged, error_of
from .files import ModelFiles
from .line import line
from .onnx_predictor import ONNXPredictor, onnx_file
from .options import search_options
from .outputs import Floats, ModelDescription, Outputs, Predictor
from .program import find_program, has_program
from .program_predictor import ProgramPredictor
from .report import Report
from .scratch import Scratch
from .search import explained, search, told
from .task import Labelled, write_task
from .texts import Row, rows

Self = TypeVar("Self", bound="TextEstimator")

#: What an estimator adds to a model directory: what the program's own files do not hold.
STATE_FILE = "scikit-learn.json"

#: What the arguments of ``fit`` are to the program.
SPLITS = {"eval_set": "dev", "test_set": "test"}


class TextEstimator(BaseEstimator):  # type: ignore[misc]
    """An estimator whose ``fit`` is a search of the program, and whose answers are its model's."""

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
        test_fraction: float = 0.1,
        run: str | os.PathLike[str] | None = None,
        options: Sequence[str] = (),
        program: str | os.PathLike[str] | None = None,
        verbose: bool | int | None = None,
    ) -> None:
        self.time_limit = time_limit
        self.encoder = encoder
        self.preset = preset
        self.candidates = candidates
        self.seed = seed
        self.threads = threads
        self.pairing = pairing
        self.test_fraction = test_fraction
        self.run = run
        self.options = options
        self.program = program
        self.verbose = verbose

    # What ``fit`` does

    def _search(
        self,
        found: list[Row],
        labels: Iterable[Any],
        keys: Mapping[str, Any],
        sets: Mapping[str, Any],
        labelled: Callable[[Any, int], Iterable[Any]],
    ) -> None:
        """Searches for the best model of rows and takes it.

        ``sets``: the arguments ``eval_set`` and ``test_set`` of ``fit``.
        ``labelled``: the labels of so many further rows, as ``labels`` has them.
        """
        fraction = self.test_fraction
        if not isinstance(fraction, (int, float)) or not 0 < fraction < 1:
            raise UsageError(f"test_fraction={fraction!r}: expected a number between 0 and 1")
        splits: dict[str, Labelled] = {"train": (found, labels)}
        for name, given in sets.items():
            if given is not None:
                splits[SPLITS[name]] = _labelled(name, given, len(found[0]) == 2, labelled)
        words = self._words()
        program = find_program(self.program)
        with Scratch() as folder:
            run = (
                folder / "run"
                if self.run is None
                else Path(os.path.abspath(os.path.expanduser(self.run)))
            )
            name = "texts" if self.run is None else run.name
            task = write_task(folder, name, splits, fraction, keys)
            command = [program, "search", str(task), "--run", str(run), *words]
            self._take(search(command, task, run, line(self.verbose)))

    def _take(self, found: Any) -> None:
        self.model_: ModelFiles = found.model
        self.report_: Report = found.report
        self.result_: dict[str, Any] = found.result
        self._connect()

    def _words(self) -> list[str]:
        """The options of ``knas search``."""
        return search_options(self.get_params(deep=False))

    # What answers

    def _connect(
        self, encoder: str | os.PathLike[str] | None = None, runtime: str = "auto"
    ) -> None:
        """Chooses what answers: the program where it is, else an exported ONNX file."""
        name = onnx_file(self.model_) if runtime != "program" else None
        if runtime == "onnx" and name is None:
            raise MissingError(
                "there is no ONNX file in the model directory: `knas export MODEL --format onnx --output model.onnx` "
                "writes one"
            )
        self._predictor: Predictor
        if name is not None and (runtime == "onnx" or not has_program(self.program)):
            self._predictor = ONNXPredictor(self.model_, name, self.threads)
            self._description = self._predictor.description
            if "config.json" in self.model_.names:
                # It also says whether there are pairs.
                self._description = ModelDescription.of_files(self.model_)
            return
        self._description = ModelDescription.of_files(self.model_)
        words = ["--threads", str(self.threads)] if self.threads is not None else []
        if encoder is not None:
            words += ["--encoder", os.fspath(encoder)]
        self._predictor = ProgramPredictor(self.model_, self._description, self.program, words)

    def _outputs(self, X: Any) -> Outputs:
        check_is_fitted(self)
        return self._predictor.predict(rows(X, pairs=self._description.has_pairs))

    def familiarity(self, X: Any) -> Floats:
        """How like those of training each row is, ``[rows]``: the share of rows like those of training that are as far
        from them as this one or farther. 0.05 and less is an outlier, which may belong to no class.

        Raises as ``predict`` does, and ``MissingError`` where the model has nothing to compare with, or is run without
        the program: an ONNX file has no familiarity.
        """
        found = self._outputs(X).familiarity
        if found is None:
            raise MissingError(
                "the familiarity of texts needs the program knas: what onnxruntime runs does not have it"
                if isinstance(self._predictor, ONNXPredictor)
                else "the model has no familiarity: it is of an earlier version; search again"
            )
        return found

    def _threshold(self, abstain: float, method: str) -> float:
        """The largest score that remains."""
        share = checked_share(abstain)
        check_is_fitted(self)
        if self._description.target == "labels":
            raise UsageError(
                f"{method} is for one class a row; of several labels a row each has a threshold"
            )
        if self._description.conformal is None:
            raise MissingError(
                f"the model has no scores of held-out rows, which {method} needs: it is of an earlier version; "
                "search again"
            )
        return self._description.conformal.threshold(share)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_predictor")

    def close(self) -> None:
        """Ends the process that answers. It begins again with the next question; without ``close`` it ends with the
        estimator, or with Python."""
        if hasattr(self, "_predictor"):
            self._predictor.close()

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What stays

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        # A process cannot be passed on; the model's files can, and start another one.
        state.pop("_predictor", None)
        state.pop("_description", None)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "model_" in state:
            self._connect()

    def save(self, path: str | os.PathLike[str], *, onnx: bool = False) -> Path:
        """Writes the model directory, for ``load``, ``knas predict`` and Swift.

        ``onnx``: also writes ``model.onnx`` and its tokenizer (90 MB and more), so that ``load`` needs no program.

        Raises ``UsageError`` where there is something else.
        """
        check_is_fitted(self)
        place = Path(os.path.expanduser(path))
        if place.exists() and not (
            place.is_dir() and (not any(place.iterdir()) or (place / STATE_FILE).exists())
        ):
            raise UsageError(f"{place} is there already, and no model that `save` has written")
        place.mkdir(parents=True, exist_ok=True)
        self.model_.write(place)
        (place / STATE_FILE).write_text(
            json.dumps(self._state(), ensure_ascii=False, indent=1), "utf-8"
        )
        if onnx:
            self.to_onnx(place / "model.onnx")
        return place

    def to_onnx(self, path: str | os.PathLike[str]) -> list[Path]:
        """Writes the model as one ONNX file, encoder included, and ``tokenizer.json`` beside it; returns their paths.

        Raises ``MissingError`` where the program is not there.
        """
        check_is_fitted(self)
        output = os.path.abspath(os.path.expanduser(path))
        model = str(self.model_.directory)
        words = ["export", model, "--format", "onnx", "--output", output, "--json"]
        ending = process.run([find_program(self.program), *words], os.getcwd())
        if ending.code != 0:
            raise error_of(ending.code, explained(ending, "knas export"))
        try:
            written = json.loads(ending.stdout)
            return [Path(file) for file in (written["output"], *written["tokenizers"])]
        except (ValueError, KeyError, TypeError) as error:
            raise KNASError(f"knas export did not say what it has written: {error}") from None

    @classmethod
    def load(
        cls: type[Self],
        path: str | os.PathLike[str],
        *,
        program: str | os.PathLike[str] | None = None,
        encoder: str | os.PathLike[str] | None = None,
        threads: int | None = None,
        runtime: str = "auto",
    ) -> Self:
        """A fitted estimator of a model directory: one that ``save``, ``knas search`` or ``knas export`` has written.

        ``path``: a model directory, a run, or a directory with ``model.onnx`` and ``tokenizer.json``.
        ``encoder``: where the model's encoder is, if the program does not find it.
        ``runtime``: ``program``, ``onnx``, or ``auto``: the program where it is there, else ``onnxruntime``.

        Raises ``MissingError`` where there is no model, or nothing that runs it.
        """
        if runtime not in ("auto", "program", "onnx"):
            raise UsageError(f"runtime={runtime!r}: expected 'auto', 'program' or 'onnx'")
        run = place = Path(os.path.abspath(os.path.expanduser(path)))
        if (run / "model").is_dir():
            place = run / "model"
        if not place.is_dir():
            raise MissingError(f"there is no model directory {place}")
        state = _read_state(place / STATE_FILE)
        known = set(cls._get_param_names())
        estimator = cls(
            **{name: value for name, value in state.get("parameters", {}).items() if name in known}
        )
        estimator.set_params(program=program)
        if threads is not None:
            estimator.set_params(threads=threads)
        estimator.model_ = ModelFiles(path=place)
        estimator._connect(encoder, runtime)
        estimator._describe(state)
        if place != run and (run / "result.json").exists():
            estimator.report_, estimator.result_ = told(run)
        return estimator

    def _state(self) -> dict[str, Any]:
        """What ``save`` adds to the program's files."""
        parameters = {}
        for name, value in self.get_params(deep=False).items():
            try:
                parameters[name] = json.loads(json.dumps(value, default=os.fspath))
            except (TypeError, ValueError):
                continue
        return {"estimator": type(self).__name__, "parameters": parameters}

    def _describe(self, state: Mapping[str, Any]) -> None:
        """Sets what ``fit`` would have set, from the model and what ``_state`` gave."""


def _labelled(
    name: str, given: Any, pairs: bool, labelled: Callable[[Any, int], Iterable[Any]]
) -> Labelled:
    """The rows of an argument ``(X, y)`` of ``fit``, with their labels."""
    # LightGBM and XGBoost have a list of such sets.
    if isinstance(given, list) and len(given) == 1:
        given = given[0]
    if not isinstance(given, tuple) or len(given) != 2:
        raise UsageError(f"{name}: expected (X, y), texts and their labels")
    X, y = given
    try:
        found = rows(X)
        if (len(found[0]) == 2) != pairs:
            kinds = ("single texts", "pairs of texts")
            raise BadDataError(f"expected {kinds[pairs]} like X, found {kinds[not pairs]}")
        return found, labelled(y, len(found))
    except BadDataError as error:
        raise BadDataError(f"{name}: {error}") from None


def _read_state(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_text("utf-8"))
        if not isinstance(found, dict) or not isinstance(found.get("parameters", {}), dict):
            raise TypeError("expected an object")
        return found
    except OSError as error:
        raise MissingError(f"{path} cannot be read: {error}") from None
    except (TypeError, ValueError) as error:
        raise damaged(path, "what `save` writes", error) from None
