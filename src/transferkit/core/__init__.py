"""The nouns and the contracts; everything else is built on these."""
