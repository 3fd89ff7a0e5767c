"""What a picture shows, read from its artists."""


def found(artist, gid):
    return artist.findobj(lambda one: one.get_gid() == gid)


def title(figure):
    return figure.texts[0].get_text()


def written(axes):
    return [text.get_text() for text in axes.texts]


def shown_axes(figure):
    """The axes of a figure that is drawn once, but for those that only hold text."""
    figure.draw_without_rendering()  # warnings are errors
    return [axes for axes in figure.axes if axes.axison]


def main_axes(figure):
    """The first axes of a figure that is drawn once."""
    figure.draw_without_rendering()  # warnings are errors
    return figure.axes[0]


def spans(collection):
    extents = [path.get_extents() for path in collection.get_paths()]
    return [(box.x0, box.x1) for box in extents]


def legend_labels(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]
