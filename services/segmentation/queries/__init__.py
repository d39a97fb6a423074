"""Every SELECT of segmentation, by noun. The tenant is in every WHERE."""
