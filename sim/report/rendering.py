"""From the content of a page to its HTML: one file that needs nothing else."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from sim.report.palette import LIGHT, style_sheet

if TYPE_CHECKING:
    from jinja2 import Template

    from sim.report.content import Output, Page


def render(page: Page) -> str:
    """The page as HTML. All texts are escaped; only figures are markup."""
    return _template("page.html").render(page=page, colours=style_sheet())


def render_output(output: Output) -> str:
    """What a notebook shows, as HTML that leaves the rest of the notebook as it is."""
    return _template("output.html").render(output=output, colours=LIGHT)


@cache
def _template(name: str) -> Template:
    # Here, as results are imported for every command and a page is the last thing that one makes.
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415

    environment = Environment(
        loader=PackageLoader("sim.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
