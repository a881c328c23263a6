"""Methods that leave pretrained weights as they are."""
