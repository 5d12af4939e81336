"""Texts of any script: which are texts, and what they are counted by."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from autonet.data.reading.columns import Column
from autonet.data.reading.schema import Schema

pd = pytest.importorskip("pandas")

N = 400
FILLER = ["the", "patient", "came", "to", "our", "clinic", "in", "spring", "and", "asked", "about", "diet", "with", "a"]


def write(yes: str, no: str) -> tuple[list[str], np.ndarray]:
    """Write English texts that end with one of two phrases."""
    rng = np.random.default_rng(0)
    good = rng.random(N) < 0.5
    return [" ".join([*rng.choice(FILLER, 6), yes if g else no]) for g in good], good


def write_unspaced(yes: str, no: str, first: int, n_letters: int, size: int) -> tuple[list[str], np.ndarray]:
    """Write texts without spaces that begin with one of two phrases, before random letters."""
    rng = np.random.default_rng(0)
    good = rng.random(N) < 0.5
    return ["".join([yes if g else no, *map(chr, first + rng.integers(0, n_letters, size))]) for g in good], good


def accuracy(texts: list[str], good: np.ndarray) -> tuple[Column, float]:
    """Learn from the counts of the first half, predict the second."""
    frame = pd.DataFrame({"text": texts})
    schema = Schema.detect(frame)
    (counts,) = schema.read(frame).texts
    half = N // 2
    linear = LogisticRegression(C=100).fit(counts[:half], good[:half])
    return schema.columns[0], float(linear.score(counts[half:], good[half:]))


PHRASES = [
    ("vitamin iron", "vitamin zinc"),
    ("vitamin C", "vitamin D"),
    ("5 stars", "1 stars"),
    ("👍", "👎"),
    (":)", ":("),
    ("written in C++", "written in C#"),
    ("ja", "é"),
    ("№ 1", "№ 2"),
    ("★★★★", "★"),
    ("अच्छी दवा", "बुरी दवा"),
    ("хорошо", "плохо"),
]


@pytest.mark.parametrize(("yes", "no"), PHRASES)
def test_words_of_any_length_and_kind_are_counted(yes: str, no: str) -> None:
    column, score = accuracy(*write(yes, no))
    assert (column.kind, column.tokens) == ("text", "words")
    assert score > 0.95


@pytest.mark.parametrize(
    ("yes", "no", "first", "n_letters", "size"),
    [
        ("质量很好推荐购买", "质量太差要求退货", 0x4E00, 4000, 6),
        ("とても良い商品です", "良くない商品でした", 0x3041, 80, 12),
        ("ยาดีมากและไม่แพง", "ยาไม่ดีเลยและแพง", 0x0E01, 40, 15),
    ],
    ids=["Chinese", "Japanese", "Thai"],
)
def test_scripts_without_spaces_are_read_by_their_characters(
    yes: str, no: str, first: int, n_letters: int, size: int
) -> None:
    texts, good = write_unspaced(yes, no, first, n_letters, size)
    for written in (texts, [" ".join(text) for text in texts]):
        column, score = accuracy(written, good)
        assert (column.kind, column.tokens) == ("text", "characters")
        assert column.note.endswith("words in the mean, read by its characters")
        assert score > 0.95


def test_texts_whose_words_do_not_recur_are_read_by_their_characters() -> None:
    rng = np.random.default_rng(0)
    good = rng.random(N) < 0.5
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = [["".join(rng.choice(letters, 6)) + ("ung" if g else "heit") for _ in range(5)] for g in good]
    column, score = accuracy([" ".join(text) for text in words], good)
    assert (column.kind, column.tokens) == ("text", "characters")
    assert score > 0.95


def test_short_words_without_spaces_remain_categories() -> None:
    rng = np.random.default_rng(0)
    for first, n_letters, size in ((0x4E00, 4000, 3), (0x0E01, 40, 8)):
        names = ["".join(map(chr, first + rng.integers(0, n_letters, size))) for _ in range(60)]
        assert Schema.detect(pd.DataFrame({"name": names})).columns[0].kind == "categorical"


@given(st.permutations(range(60)))
def test_order_of_rows_does_not_change_what_is_counted(order: Any) -> None:
    texts = np.array(write("👍", "👎")[0][:60], object)
    assert Schema.detect(pd.DataFrame({"text": texts})) == Schema.detect(pd.DataFrame({"text": texts[list(order)]}))


def test_texts_that_have_nothing_in_common_are_doubtful() -> None:
    texts = [" ".join(map(chr, range(0x4E00 + 5 * i, 0x4E00 + 5 * i + 5))) for i in range(40)]
    column = Schema.detect(pd.DataFrame({"text": texts})).columns[0]
    assert (column.kind, column.is_doubtful) == ("text", True)
    assert column.note.endswith("read by its characters: not used, because no two texts have any in common")
