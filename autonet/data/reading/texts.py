"""Counts of hashed words or character n-grams; without a vocabulary there is nothing to fit, and nothing leaks."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Literal

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer

__all__ = ["TERMS", "Tokens", "count_terms", "estimate_words", "infer_tokens"]

TERMS = 4096  # hashed terms; a few collisions cost little
NGRAMS = (1, 3)  # characters: one is a word in Chinese, three are the stem of many words elsewhere

Tokens = Literal["words", "characters"]

# Scripts that put no spaces between words: Chinese and Japanese, about two characters a word; Thai, Lao, Burmese and
# Khmer, about five.
CJK = "\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
SOUTHEAST_ASIAN = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
UNSPACED = ((re.compile(f"[{CJK}]"), 2), (re.compile(f"[{SOUTHEAST_ASIAN}]"), 5))
# Vowel signs and accents, which \w leaves out, belong to the word around them.
MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0900-\u0963\u0966-\u0dff"
    "\u0e31-\u0e4e\u0eb1-\u0ecd\u0f71-\u0f84\u102b-\u103e\u17b4-\u17d3\u200c\u200d"
)
# A word is a run of letters, digits and marks of any length, a run of signs of ASCII such as ++ or :), or any other
# character, such as an emoji.
WORD = rf"[\w{MARKS}]+|[!-/:-@\[-`{{-~]+|\S"

N_SAMPLED = 2000  # texts from which the tokens are inferred
MIN_RECURRING = 0.5  # share of words that must occur in two texts to be counted as words
UNSPACED_SHARE = 0.1  # share of characters of scripts without spaces from which characters are counted


def estimate_words(text: str) -> float:
    """Estimate the number of words of a text in any script."""
    n_words = float(len(text.split()))
    if text.isascii():
        return n_words
    return max(n_words, sum(len(pattern.findall(text)) / length for pattern, length in UNSPACED))


def infer_tokens(texts: Sequence[str]) -> tuple[Tokens, bool]:
    """Choose between words and character n-grams for the texts of a column.

    Character n-grams are for scripts without spaces between words, and for texts with few words in common.

    Parameters
    ----------
    texts : sequence of str
        Distinct texts, sorted.

    Returns
    -------
    tokens : {"words", "characters"}
    recur : bool
        Whether any token occurs in two texts; otherwise there is nothing to learn from.
    """
    sample = texts[:: -(-len(texts) // N_SAMPLED)]
    unspaced = sum(len(pattern.findall(text)) for text in sample if not text.isascii() for pattern, _ in UNSPACED)
    if unspaced < UNSPACED_SHARE * sum(map(len, sample)) and _share_recurring("words", sample) >= MIN_RECURRING:
        return "words", True
    return "characters", _share_recurring("characters", sample) > 0


def _share_recurring(tokens: Tokens, texts: Sequence[str]) -> float:
    """Return the share of terms that occur in more than one text."""
    analyze = _vectorizer(tokens).build_analyzer()
    counts = Counter(term for text in texts for term in set(analyze(text)) if term.strip())
    n_terms = sum(counts.values())
    return sum(count for count in counts.values() if count > 1) / n_terms if n_terms else 0.0


def count_terms(parts: Iterable[list[Any]], tokens: Tokens) -> sparse.csr_array:
    """Count hashed terms of texts in lower case.

    Parameters
    ----------
    parts : iterable of list
        Chunks of rows; values other than strings are missing and have no terms.
    tokens : {"words", "characters"}

    Returns
    -------
    csr_array of shape (n, TERMS), float32
    """
    vectorizer = _vectorizer(tokens)
    counts = [vectorizer.transform([_normalize(text) for text in part]) for part in parts]
    return sparse.csr_array(sparse.vstack(counts, format="csr"))


def _normalize(text: Any) -> str:
    """Return a text in Unicode's normal form C; an empty one for a missing value."""
    return unicodedata.normalize("NFC", text) if isinstance(text, str) else ""


@cache
def _vectorizer(tokens: Tokens) -> HashingVectorizer:
    how = {"token_pattern": WORD} if tokens == "words" else {"analyzer": "char_wb", "ngram_range": NGRAMS}
    return HashingVectorizer(n_features=TERMS, alternate_sign=False, norm=None, dtype=np.float32, **how)
