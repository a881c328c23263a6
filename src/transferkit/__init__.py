"""Take what one model has learned to your data, and know that it helped."""
