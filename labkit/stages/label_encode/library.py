"""The libraries that encode labels. scikit-learn's LabelEncoder refuses unseen ones: its other encoders are variants.

What pandas and polars take most of their time for is NumPy's texts, which they make their own of; columns that they have read by
themselves would be quicker.
"""

from __future__ import annotations

import numpy as np

from labkit.core import variant
from labkit.stages.label_encode import MISSING, UNSEEN, one_hot


@variant("label_encode", kind="library", requires=("sklearn",))
def sklearn(labels: np.ndarray, classes: np.ndarray, form: str = "integer") -> np.ndarray:
    """scikit-learn's OrdinalEncoder or OneHotEncoder with the classes given."""
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

    if not len(labels):  # which it refuses
        return np.zeros(0, np.int64) if form == "integer" else one_hot(np.zeros(0, np.int64), len(classes))
    known = classes.astype(object)[:, None]
    column = labels.astype(object)[:, None]
    if form == "one_hot":
        made = OneHotEncoder(categories=[known[:, 0]], handle_unknown="ignore", sparse_output=False, dtype=np.uint8)
        return np.ascontiguousarray(made.fit(known).transform(column))
    encoder = OrdinalEncoder(
        categories=[known[:, 0]], handle_unknown="use_encoded_value", unknown_value=UNSEEN, dtype=np.int64
    )
    found: np.ndarray = encoder.fit(known).transform(column)[:, 0]
    return np.where(labels == "", MISSING, found)


@variant("label_encode", kind="library", requires=("pandas",))
def pandas(labels: np.ndarray, classes: np.ndarray, form: str = "integer") -> np.ndarray:
    """pandas' Index of the classes, a hash table, in which get_indexer looks all labels up."""
    import pandas

    found = pandas.Index(classes.astype(object)).get_indexer(labels.astype(object)).astype(np.int64)
    return np.where(labels == "", MISSING, found) if form == "integer" else one_hot(found, len(classes))


@variant("label_encode", kind="library", requires=("polars",))
def polars(labels: np.ndarray, classes: np.ndarray, form: str = "integer") -> np.ndarray:
    """polars' cast to an Enum of the classes, on its own threads; what is none of them becomes null."""
    import polars

    column = polars.Series(labels, dtype=polars.String)
    codes = column.cast(polars.Enum(classes.tolist()), strict=False).to_physical().cast(polars.Int64)
    found = np.array(codes.fill_null(UNSEEN).to_numpy())
    return np.where(labels == "", MISSING, found) if form == "integer" else one_hot(found, len(classes))
