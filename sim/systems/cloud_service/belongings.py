"""What belongs to a cloud service as a whole, whatever its deployments: properties, extensions.

Sources: "Upgrade Deployment" (ExtendedProperties), "Add Extension", "Delete Extension".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.systems.cloud_service.configured import ADDED
from sim.systems.cloud_service.rejections import MOST_PROPERTIES, of_extensions

if TYPE_CHECKING:
    from sim.systems.base.context import Context
    from sim.systems.cloud_service.layout import Layout
    from sim.systems.cloud_service.requests import (
        ChangeConfiguration,
        ExtendedProperty,
        UpgradeDeployment,
    )


class Belongings:
    """The extended properties and the extensions of a running service."""

    def __init__(self, context: Context, layout: Layout) -> None:
        self._context, self._configured = context, layout.configured
        self._properties: set[str] = set()
        self._extensions = {each.id: each.json_ for each in layout.spec.extensions}
        """By identifier whether an extension is configured by JSON."""

    def forbid(self, body: UpgradeDeployment | ChangeConfiguration) -> str | None:
        """The rule by which what the service has forbids a request, if any."""
        given = {each.name for each in body.extended_properties if each.value is not None}
        deleted = {each.name for each in body.extended_properties if each.value is None}
        if given & self._properties:
            return "property owned"
        if len((self._properties - deleted) | given) > MOST_PROPERTIES:
            return "too many properties"
        known = {name: {json} for name, json in self._extensions.items()}
        return next(of_extensions(body.extension_configuration, known), None)

    def remember(self, properties: tuple[ExtendedProperty, ...]) -> None:
        """The service has other properties from now on."""
        for each in properties:
            if each.value is None:
                self._properties.discard(each.name)
            else:
                self._properties.add(each.name)

    def has_extension(self, extension: str) -> bool:
        """Whether an extension was added and not deleted."""
        return extension in self._extensions

    def add_extension(self, extension: str, *, json: bool, cause: int) -> None:
        """A deployment may have it from now on."""
        self._extensions[extension] = json
        self._become(extension, 0, 1 + ADDED.width * json, cause)

    def delete_extension(self, extension: str, cause: int) -> None:
        """It is there no more."""
        json = self._extensions.pop(extension)
        self._become(extension, 1 + ADDED.width * json, 0, cause)

    def _become(self, extension: str, old: int, new: int, cause: int) -> None:
        assert self._configured.added is not None
        subject = self._configured.added.first + self._configured.extensions[extension]
        self._context.record(self._context.now, subject, old, new, cause)
