"""HTTP bodies of segmentation, by noun."""
