"""Alignment: bring two samples of features together, in closed form or nearly so. Arrays in, an `Alignment` out; float64."""
