"""What a service has, whatever its deployments: told row by row."""

from __future__ import annotations

from story import story


def test_extensions_come_and_go_with_their_operations_as_cause():
    told = story(
        "at: 10s, add_extension: {id: mon, json: true}\n"
        "at: 20s, delete_extension: {id: rdp}\n"
        "at: 30s, add_extension: {id: rdp, json: true}",
        more="extensions: [{id: rdp}]",
    )
    assert [line for line in told.wants if " extension " in line] == [
        "10 extension mon absent -> added/JSON because add_extension-0",
        "20 extension rdp added/XML -> absent because delete_extension-0",
        "30 extension rdp absent -> added/JSON because add_extension-1",
    ]


def test_a_property_belongs_to_the_service_and_not_to_a_slot():
    body = "extended_properties: [{name: a, value: b}]"
    told = story(
        f"at: 10s, change_configuration: {{{body}}}\n"
        f"at: 20s, change_configuration: {{slot: staging, {body}}}",
        more='staging: {build: "2"}',
    )
    assert told.brief("change_configuration-1") == ["20 Refused/property owned"]
