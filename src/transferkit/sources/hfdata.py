"""`hfdata:name:config:split`: a Hugging Face data set as a source; see `data/hfdata.py` for how it is read."""

from __future__ import annotations

from transferkit.core.errors import WrongUse
from transferkit.sources.data_set import DataSet, without_query


class HubDataSet(DataSet):
    """A labelled data set of the Hugging Face hub, of its cache, or of a local folder.

    >>> HubDataSet().place("imdb::train[:100]?label_column=label")
    'hfdata:imdb::train[:100]'
    """

    example = "hfdata:stanfordnlp/imdb"

    def place(self, location: str) -> str:
        return self.name(without_query(location))

    def check(self, location: str) -> None:
        """Refuse a name without a data set in it."""
        if not without_query(location).partition(":")[0].strip("/. "):
            raise WrongUse(f"{self.name(location)!r} names no data set; write it as in hfdata:name:config:split")

    def name(self, location: str) -> str:
        return f"hfdata:{location}"
