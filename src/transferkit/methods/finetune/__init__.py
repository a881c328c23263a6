"""Methods that move pretrained weights."""
