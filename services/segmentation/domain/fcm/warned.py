"""What a fit warns of."""


class CollapseWarning(UserWarning):
    """Memberships near 1/c, or two centres in one place: the segments say nothing."""


class OrderedStreamWarning(UserWarning):
    """A chunk unlike those before it: a stream in order ends far from the optimum."""
