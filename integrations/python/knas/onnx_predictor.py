"""Answers by ``onnxruntime`` and ``tokenizers`` alone, from what ``knas export --format onnx`` writes."""

from __future__ import annotations

import ctypes
import json
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import BadDataError, MissingError, damaged
from .files import ModelFiles
from .forks import watch
from .outputs import ModelDescription, Outputs
from .texts import Row

#: Tokens of a batch at most, padding included.
BATCH_TOKENS = 4096
#: Rows of a batch at most.
BATCH_ROWS = 64

#: The oldest onnxruntime that has all operations.
OLDEST = (1, 20)

#: What is to be read.
WRITTEN = "what `knas export --format onnx` writes, encoder included"

INSTALLATION = "pip install 'knas[onnx]'"


def _prefix(place: int) -> str:
    """What the names of a view's inputs begin with."""
    return f"view{place + 1}_" if place else ""


def onnx_file(files: ModelFiles) -> str | None:
    """The name of the ONNX file of a directory: ``model.onnx``, or the only one."""
    found = [name for name in files.names if name.endswith(".onnx") and "/" not in name]
    if "model.onnx" in found:
        return "model.onnx"
    return found[0] if len(found) == 1 else None


class ONNXPredictor:
    """Answers by a file that maps token ids to logits."""

    def __init__(self, files: ModelFiles, name: str, threads: int | None = None) -> None:
        """``name``: of the ONNX file. Raises ``MissingError`` where it, a tokenizer or a package is missing, and
        ``BadDataError`` where a file is damaged."""
        self._files = files
        self._name = name
        self._threads = threads
        self._lock = threading.Lock()
        self._owner = os.getpid()
        self._open()
        watch(self)

    def _open(self) -> None:
        try:
            import onnxruntime
            from tokenizers import Tokenizer
        except ImportError as error:
            raise MissingError(
                f"a model is run without the knas program by onnxruntime and tokenizers: {INSTALLATION} ({error})"
            ) from None
        options = onnxruntime.SessionOptions()
        if self._threads:
            options.intra_op_num_threads = self._threads
        path = self._files.directory / self._name
        if not path.is_file():
            raise MissingError(f"there is no {path}")
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's errors have no common class
            version = tuple(map(int, onnxruntime.__version__.split(".")[:2]))
            if version < OLDEST:
                raise MissingError(
                    f"{path} cannot be read by onnxruntime {onnxruntime.__version__}: 1.20 or later is needed ({error})"
                ) from None
            raise damaged(path, WRITTEN, error) from None
        metadata = self._session.get_modelmeta().custom_metadata_map
        self._inputs = {i.name for i in self._session.get_inputs()}
        if not any(name.endswith("input_ids") for name in self._inputs):
            raise BadDataError(f"{path} is not {WRITTEN}: it has no input_ids")
        try:
            self.description = ModelDescription.of_metadata(metadata, self._inputs)
            lengths = [int(view["maximumLength"]) for view in json.loads(metadata["views"])]
        except (ValueError, KeyError, TypeError) as error:
            raise damaged(path, WRITTEN, error) from None
        # A view that reads the same tokens as an earlier one has no inputs of its own.
        self._tokenizers = {
            place: self._tokenizer(Tokenizer, path, place, longest)
            for place, longest in enumerate(lengths)
            if f"{_prefix(place)}input_ids" in self._inputs
        }

    @staticmethod
    def _tokenizer(tokenizers: Any, model: Path, place: int, longest: int) -> Any:
        """The tokenizer of a view; views with the same tokens share the first's."""
        prefixes = [_prefix(place), ""] if place else [""]
        names = [
            name
            for p in prefixes
            for name in (f"{model.stem}.{p}tokenizer.json", f"{p}tokenizer.json")
        ]
        for name in names:
            if (model.parent / name).is_file():
                try:
                    found = tokenizers.from_file(str(model.parent / name))
                except Exception as error:  # what it throws is an Exception itself
                    raise damaged(model.parent / name, "a tokenizer.json", error) from None
                found.no_padding()
                if found.truncation is None or found.truncation["max_length"] != longest:
                    found.enable_truncation(longest)
                return found
        raise MissingError(
            f"{model.parent} has no {names[-1]}: `knas export RUN --format onnx --output {model.name}` writes it beside "
            "the model, where the encoder's tokenizer can be written as one"
        )

    def predict(self, rows: Sequence[Row]) -> Outputs:
        """See ``Predictor``."""
        with self._lock:
            if self._owner != os.getpid():
                # The threads of a session do not live on in a forked process.
                self._owner = os.getpid()
                self._open()
        tokens = [self._tokens(rows, place) for place in self._tokenizers]
        # One view may have a part for each text of a pair, another both in one.
        parts = [part for view in tokens for part in view.values()]
        lengths = np.array([[len(t.ids) for t in part] for part in parts]).max(axis=0)
        order = np.argsort(lengths, kind="stable")
        names = ["value"] if self.description.target == "number" else ["logits", "probabilities"]
        found = [np.empty((len(rows), max(1, len(self.description.labels)))) for _ in names]
        begin = 0
        while begin < len(rows):
            end = begin + 1
            while end < len(rows) and end - begin < BATCH_ROWS:
                if (end + 1 - begin) * int(lengths[order[end]]) > BATCH_TOKENS:
                    break
                end += 1
            batch = order[begin:end]
            feeds: dict[str, NDArray[np.int64]] = {}
            for view in tokens:
                for prefix, part in view.items():
                    feeds |= self._feeds(prefix, [part[row] for row in batch])
            for output, values in zip(found, self._session.run(names, feeds)):
                output[batch] = values
            begin = end
        if len(found) == 1:
            nothing = np.empty((len(rows), 0))
            return Outputs(nothing, nothing, found[0][:, 0])
        return Outputs(found[0], found[1])

    def _tokens(self, rows: Sequence[Row], place: int) -> dict[str, list[Any]]:
        """The tokens of a view, by the prefix of the inputs that they go to."""
        view = _prefix(place)
        encode = self._tokenizers[place].encode_batch
        if view + "pair_input_ids" in self._inputs:
            return {
                view: encode([row[0] for row in rows]),
                view + "pair_": encode([row[1] for row in rows]),
            }
        return {view: encode([row if len(row) == 2 else row[0] for row in rows])}

    def _feeds(self, prefix: str, tokens: list[Any]) -> dict[str, NDArray[np.int64]]:
        longest = max(len(t.ids) for t in tokens)
        feeds: dict[str, NDArray[np.int64]] = {}
        for name, attribute in (
            ("input_ids", "ids"),
            ("attention_mask", "attention_mask"),
            ("token_type_ids", "type_ids"),
        ):
            if prefix + name in self._inputs:
                values = np.zeros((len(tokens), longest), np.int64)
                for row, t in enumerate(tokens):
                    values[row, : len(t.ids)] = getattr(t, attribute)
                feeds[prefix + name] = values
        return feeds

    def close(self) -> None:
        """See ``Predictor``: what was read stays in memory."""
        self._files.release()

    def after_fork(self) -> None:
        """In a process that has just been forked: no thread of it can hold the lock."""
        # To destroy a session is to wait for its threads, which the copy does not have: it must never happen here.
        for thing in (self._session, getattr(self._session, "_sess", None)):
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))
        self._lock = threading.Lock()
        self._files.unlock()
