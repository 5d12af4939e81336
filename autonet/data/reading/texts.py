"""Texts as counts of hashed words: no vocabulary, so nothing to fit and nothing to leak."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer

__all__ = ["WORDS", "count_words"]

WORDS = 4096  # columns; two words meet in one now and then, which costs little

VECTORIZER = HashingVectorizer(n_features=WORDS, alternate_sign=False, norm=None, dtype=np.float32)


def count_words(parts: Iterable[list[Any]]) -> sparse.csr_array:
    """Count the words of texts, in lower case.

    Parameters
    ----------
    parts : iterable of list
        Consecutive rows; whatever is no string is missing and has no words.

    Returns
    -------
    csr_array of shape (n, WORDS), float32
    """
    counts = [VECTORIZER.transform([text if isinstance(text, str) else "" for text in part]) for part in parts]
    return sparse.csr_array(sparse.vstack(counts, format="csr"))
