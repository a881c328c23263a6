"""How knowledge is carried: one folder a family, one file a method."""
