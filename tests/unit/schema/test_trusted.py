"""Where there is a list of documents, no others are run."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from access.principal import ADMIN_TOKEN, Principal, PrincipalKind
from base.errors import BadInput, ConfigurationFault, ErrorCode, KithError
from cli.documents import listed
from schema.execution.admission import Admission
from schema.execution.request import GraphQLRequest
from schema.execution.trusted import LOOK_AGAIN_S, TrustedDocuments, hash_of

KNOWN = "{__typename}"
OTHER = '{segment(key: "a") {id}}'
SOMEBODY = Principal(kind=PrincipalKind.KEY, id="k", name="k", permissions=frozenset())


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def write(path: Path, *documents: str) -> Path:
    path.write_text(json.dumps({hash_of(one): one for one in documents}), encoding="utf-8")
    # Two writes within one tick of the file system's clock.
    os.utime(path, ns=(0, len(documents)))
    return path


@pytest.fixture
def trusted(tmp_path: Path) -> TrustedDocuments:
    return TrustedDocuments(write(tmp_path / "list.json", KNOWN))


@pytest.mark.parametrize(
    "request_",
    [
        GraphQLRequest(KNOWN),
        GraphQLRequest(documentId="sha256:" + hash_of(KNOWN)),
        GraphQLRequest(documentId=hash_of(KNOWN).upper()),
        GraphQLRequest(extensions={"persistedQuery": {"version": 1, "sha256Hash": hash_of(KNOWN)}}),
    ],
)
def test_a_trusted_document_is_found_by_text_and_by_either_form_of_hash(
    trusted: TrustedDocuments, request_: GraphQLRequest
) -> None:
    assert trusted.text_of(request_) == KNOWN


@pytest.mark.parametrize("text", [OTHER, KNOWN + " ", "{ __typename }", ""])
def test_another_text_is_refused_however_close(trusted: TrustedDocuments, text: str) -> None:
    with pytest.raises(KithError) as refused:
        trusted.text_of(GraphQLRequest(text))
    assert refused.value.code is ErrorCode.FORBIDDEN
    assert "kith documents hash" in str(refused.value.hint)


def test_another_text_under_a_trusted_hash_is_refused(trusted: TrustedDocuments) -> None:
    with pytest.raises(KithError) as refused:
        trusted.text_of(GraphQLRequest(OTHER, documentId="sha256:" + hash_of(KNOWN)))
    assert refused.value.code is ErrorCode.FORBIDDEN


@pytest.mark.parametrize("name", ["", "sha256:", hash_of(OTHER), "md5:" + hash_of(KNOWN), "../list"])
def test_an_unknown_hash_is_answered_in_the_words_that_clients_know(trusted: TrustedDocuments, name: str) -> None:
    with pytest.raises(KithError, match=r"^PersistedQueryNotFound$") as refused:
        trusted.text_of(GraphQLRequest(documentId=name))
    assert refused.value.code is ErrorCode.NOT_FOUND


def test_a_hash_that_is_no_text_is_none() -> None:
    for extensions in ({"persistedQuery": 3}, {"persistedQuery": {"sha256Hash": 3}}, {"persistedQuery": None}, {}):
        assert GraphQLRequest(extensions=extensions).document_hash is None


def test_without_a_list_a_hash_alone_is_answered_in_the_words_that_clients_know() -> None:
    with pytest.raises(BadInput, match=r"^PersistedQueryNotSupported$"):
        Admission().text_of(GraphQLRequest(documentId=hash_of(KNOWN)), SOMEBODY)
    assert Admission().text_of(GraphQLRequest(OTHER, documentId=hash_of(KNOWN)), SOMEBODY) == OTHER


def test_the_token_of_the_environment_is_exempt_only_where_a_setting_says_so(trusted: TrustedDocuments) -> None:
    exempt = Admission(trusted=trusted, admin_is_exempt=True)

    assert exempt.text_of(GraphQLRequest(OTHER), ADMIN_TOKEN) == OTHER
    assert exempt.text_of(GraphQLRequest(documentId=hash_of(KNOWN)), ADMIN_TOKEN) == KNOWN
    for admission, principal in ((exempt, SOMEBODY), (Admission(trusted=trusted), ADMIN_TOKEN)):
        with pytest.raises(KithError):
            admission.text_of(GraphQLRequest(OTHER), principal)


def test_a_changed_list_is_read_without_a_restart_and_a_broken_one_changes_nothing(tmp_path: Path) -> None:
    clock, path = Clock(), write(tmp_path / "list.json", KNOWN)
    trusted = TrustedDocuments(path, clock)

    write(path, KNOWN, OTHER)
    with pytest.raises(KithError):
        trusted.text_of(GraphQLRequest(OTHER))
    clock.now_s += LOOK_AGAIN_S
    assert trusted.text_of(GraphQLRequest(OTHER)) == OTHER
    for broken in ('{"half', "{}", None):
        path.unlink() if broken is None else path.write_text(broken, encoding="utf-8")
        clock.now_s += LOOK_AGAIN_S
        if broken == "{}":
            with pytest.raises(KithError):
                trusted.text_of(GraphQLRequest(OTHER))
            write(path, KNOWN, OTHER, "{a}")
            clock.now_s += LOOK_AGAIN_S
        assert trusted.text_of(GraphQLRequest(OTHER)) == OTHER


def test_a_folder_of_files_is_a_list_too(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "a.graphql").write_text(KNOWN, encoding="utf-8")
    (tmp_path / "notes.txt").write_text(OTHER, encoding="utf-8")
    clock = Clock()
    trusted = TrustedDocuments(tmp_path, clock)

    assert trusted.text_of(GraphQLRequest(KNOWN)) == KNOWN
    with pytest.raises(KithError):
        trusted.text_of(GraphQLRequest(OTHER))
    (tmp_path / "b.gql").write_text(OTHER, encoding="utf-8")
    clock.now_s += LOOK_AGAIN_S
    assert trusted.text_of(GraphQLRequest(OTHER)) == OTHER


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', json.dumps({hash_of(OTHER): KNOWN})])
def test_a_list_that_is_none_stops_the_start(tmp_path: Path, text: str) -> None:
    path = tmp_path / "list.json"
    path.write_text(text, encoding="utf-8")
    for wrong in (path, tmp_path / "nowhere"):
        with pytest.raises(ConfigurationFault, match="KITH_TRUSTED_DOCUMENTS"):
            TrustedDocuments(wrong)


def test_the_command_writes_a_list_that_is_read(tmp_path: Path) -> None:
    files = [tmp_path / "a.graphql", tmp_path / "b.graphql"]
    for file, text in zip(files, (KNOWN, OTHER), strict=True):
        file.write_text(text, encoding="utf-8")
    made = tmp_path / "list.json"
    made.write_text(listed(files), encoding="utf-8")

    assert TrustedDocuments(made).text_of(GraphQLRequest(documentId=f"sha256:{hash_of(OTHER)}")) == OTHER
    files[0].write_text("{", encoding="utf-8")
    with pytest.raises(BadInput, match=r"a\.graphql"):
        listed(files)
