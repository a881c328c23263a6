"""Examples are put in an order that depends on what they are alone."""

import hashlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from transferkit.core.compact import Digests
from transferkit.core.content import content_order, fingerprint_of, in_content_order
from transferkit.core.examples import Examples

rows = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xy"), st.text("mn", max_size=3)), max_size=12)


@given(rows)
def test_it_is_the_order_of_id_label_and_name(rows):
    ids, labels, names = zip(*rows, strict=True) if rows else ((), (), ())
    order = content_order(Examples(items=ids, ids=ids, labels=labels, names=names))
    assert order.tolist() == sorted(range(len(rows)), key=lambda i: rows[i])


@given(rows, st.randoms())
def test_neither_the_order_of_reading_nor_the_kind_of_sequence_matters(rows, random):
    def examples(rows):
        digests = [hashlib.sha256(content.encode()) for content, _, _ in rows]
        known = {"labels": tuple(label for _, label, _ in rows), "names": tuple(name for _, _, name in rows)}
        compact = Digests.of(b"".join(digest.digest() for digest in digests))
        plain = tuple(digest.hexdigest() for digest in digests)
        return [in_content_order(Examples(items=rows, ids=ids, **known)) for ids in (compact, plain)]

    one, other = examples(rows)
    shuffled, _ = examples(random.sample(rows, len(rows)))
    assert one.ids == other.ids == shuffled.ids
    assert one.labels == other.labels == shuffled.labels
    assert fingerprint_of("text", {"train": one}) == fingerprint_of("text", {"train": other})
    assert fingerprint_of("text", {"train": one}) == fingerprint_of("text", {"train": shuffled})


def test_without_labels_and_names_what_is_equal_stays_in_its_order():
    assert content_order(Examples(items="aba", ids=("b", "a", "b"))).tolist() == [1, 0, 2]
    assert content_order(Examples(items=(), ids=())).dtype == np.int64
