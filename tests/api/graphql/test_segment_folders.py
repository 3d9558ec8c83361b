"""Where segments are put."""

from __future__ import annotations

import pytest

from tests.api.graphql.test_segments import VIP
from tests.support.api import Api

CREATE = """mutation C($input: CreateSegmentInput!) { createSegment(input: $input) { __typename
  ... on Segment { folder description } ... on ValidationError { field } } }"""
UPDATE = """mutation U($input: UpdateSegmentInput!) { updateSegment(key: "a", input: $input) {
  ... on Segment { name folder description version } } }"""
LIST = "query L($folder: String) {segments(folder: $folder) {edges {node {key}}}}"


async def put(api: Api, key: str, folder: str | None, **more: str) -> dict[str, object]:
    made: dict[str, object] = (
        await api.data(CREATE, {"input": {"key": key, "name": key, "rule": VIP, "folder": folder, **more}})
    )["createSegment"]
    return made


async def test_a_folder_holds_what_is_below_it_too(api: Api) -> None:
    for key, folder in {"a": "growth", "b": "growth/2026", "c": "growth-2", "d": None}.items():
        await put(api, key, folder)

    listed = (await api.data(LIST, {"folder": "growth"}))["segments"]["edges"]
    folders = (await api.data("{segmentFolders {path segmentCount}}"))["segmentFolders"]

    assert [edge["node"]["key"] for edge in listed] == ["a", "b"]
    assert folders == [{"path": path, "segmentCount": 1} for path in ("", "growth", "growth-2", "growth/2026")]


async def test_what_an_update_leaves_out_stays(api: Api) -> None:
    await put(api, "a", "growth", description=" Who buys. ")

    moved = (await api.data(UPDATE, {"input": {"folder": "", "name": "B"}}))["updateSegment"]
    told = (await api.data(UPDATE, {"input": {"description": "Others."}}))["updateSegment"]

    assert moved == {"name": "B", "folder": "", "description": "Who buys.", "version": 1}
    assert told == {"name": "B", "folder": "", "description": "Others.", "version": 1}


@pytest.mark.parametrize("folder", ["/a", "a/", "a//b", " a", "a /b", "a\nb", "a/b/c/d/e/f", "x" * 61])
async def test_what_is_no_path_is_refused(api: Api, folder: str) -> None:
    assert (await put(api, "a", folder))["field"] == "input.folder"


@pytest.mark.parametrize("folder", ["a", "增长/2026", "a b/c", "a/b/c/d/e", "x" * 60])
async def test_a_path_has_up_to_five_names(api: Api, folder: str) -> None:
    assert (await put(api, "a", folder))["folder"] == folder


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"description": "x" * 2_001}, "input.description"),
        ({"reason": "x" * 1_001}, "input.reason"),
    ],
)
async def test_texts_have_limits(api: Api, more: dict[str, str], field: str) -> None:
    assert (await put(api, "a", None, **more))["field"] == field
