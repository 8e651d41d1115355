"""The OSCQuery description of the tree, checked against the OSCQuery proposal."""

from __future__ import annotations

import json

import pytest

from live.http.oscquery import ATTRIBUTES, OscQueryNamespace, host_info
from live.http.service import changes
from live.parameters.tree import AddressError, Tree
from models.base import Knob, KnobError


@pytest.fixture
def space(tree: Tree) -> OscQueryNamespace:
    return OscQueryNamespace(tree)


def test_a_number_has_all_attributes(space: OscQueryNamespace) -> None:
    assert space.describe("/piano/temperature") == {
        "FULL_PATH": "/piano/temperature",
        "TYPE": "f",
        "ACCESS": 3,
        "VALUE": [1.0],
        "RANGE": [{"MIN": 0.1, "MAX": 3.0}],
        "CLIPMODE": ["both"],
        "CURVE": ["log"],
        "UNIT": ["x"],
        "DESCRIPTION": "How daring",
        "EXTENDED_TYPE": ["float"],
        "TAGS": ["float", "log"],
        "CRITICAL": False,
        "REPETITION_FILTER": True,
        "DEFAULT_VALUE": [1.0],
        "OVERLOADS": [{"TYPE": "ff", "DESCRIPTION": "the value, and a glide in seconds"}],
    }


@pytest.mark.parametrize(
    ("path", "types", "access", "value", "range_"),
    [
        ("/piano/channel", "i", 3, [1], [{"MIN": 1, "MAX": 16}]),
        ("/piano/mute", "T", 3, [False], None),
        ("/piano/scale", "s", 3, ["major"], [{"VALS": ["major", "minor"]}]),
        ("/piano/title", "s", 3, [""], None),
        ("/piano/reset", "I", 2, None, None),
        ("/piano/pitch_class", "fff", 3, [1.0, 1.0, 1.0], [{"MIN": 0.0, "MAX": 1.0}] * 3),
        ("/piano/pitch_class/c_sharp", "f", 3, [1.0], [{"MIN": 0.0, "MAX": 1.0}]),
        ("/piano/rate", "f", 1, [0.0], None),
        ("/piano/recall", "sf", 2, None, [None, {"MIN": 0.0, "MAX": 60.0}]),
        ("/piano/note", "iii", 1, None, None),
    ],
)
def test_every_kind_has_its_type_access_value_and_range(
    space: OscQueryNamespace, path: str, types: str, access: int, value: object, range_: object
) -> None:
    node = space.describe(path)
    assert (node["TYPE"], node["ACCESS"], node.get("VALUE"), node.get("RANGE")) == (types, access, value, range_)


def test_every_attribute_has_one_entry_per_type(space: OscQueryNamespace) -> None:
    for path in ("/piano/temperature", "/piano/pitch_class", "/piano/recall", "/piano/note"):
        node = space.describe(path)
        for name in ("RANGE", "CLIPMODE", "UNIT", "EXTENDED_TYPE", "VALUE", "CURVE"):
            assert name not in node or len(node[name]) == len(node["TYPE"]), (path, name)


def test_an_optional_argument_is_an_overload(space: OscQueryNamespace) -> None:
    assert space.describe("/piano/recall")["OVERLOADS"] == [{"TYPE": "s"}]
    assert {one["TYPE"] for one in space.describe("/piano/reset")["OVERLOADS"]} == {"N", "T", "i"}


def test_containers_list_their_contents_in_order(space: OscQueryNamespace) -> None:
    whole = space.describe("/")
    assert whole["FULL_PATH"] == "/"
    assert list(whole["CONTENTS"]) == ["piano"]
    piano = whole["CONTENTS"]["piano"]
    assert list(piano["CONTENTS"])[:3] == ["temperature", "channel", "mute"]
    assert list(piano["CONTENTS"]["pitch_class"]["CONTENTS"]) == ["c", "c_sharp", "d"]
    assert piano["CONTENTS"]["mute"] == space.describe("/piano/mute")
    json.dumps(whole, allow_nan=False)


def test_values_are_current(space: OscQueryNamespace, tree: Tree) -> None:
    space.describe("/")
    tree.set("/piano/pitch_class", (0.0, 0.5, 1.0))
    assert space.attribute("/piano/pitch_class", "VALUE") == {"VALUE": [0.0, 0.5, 1.0]}
    assert space.attribute("/piano/pitch_class/c_sharp", "VALUE") == {"VALUE": [0.5]}
    tree.publish("/piano/rate", float("inf"))  # no number of JSON
    assert space.attribute("/piano/rate", "VALUE") == {"VALUE": [None]}


def test_single_attributes_equal_those_of_the_whole_description(space: OscQueryNamespace) -> None:
    for path in ("/", "/piano", "/piano/temperature", "/piano/recall"):
        node = space.describe(path)
        for name in ATTRIBUTES:
            assert space.attribute(path, name) == ({name: node[name]} if name in node else None)


def test_a_missing_address_is_reported_with_similar_ones(space: OscQueryNamespace) -> None:
    with pytest.raises(AddressError, match="similar: /piano/temperature"):
        space.describe("/piano/temprature")
    assert "/piano" in space
    assert "/pia" not in space


def test_nodes_come_and_go(space: OscQueryNamespace, tree: Tree) -> None:
    before = space.paths()
    tree.add("/ink/speed", Knob("Speed", 0, 1))
    tree.add("/piano/pull", Knob("Pull", 0, 1))
    after = space.paths()
    assert changes(before, after) == [("PATH_ADDED", "/ink"), ("PATH_CHANGED", "/piano")]
    assert space.describe("/ink/speed")["VALUE"] == [0.0]
    tree.remove("ink")
    assert changes(after, space.paths()) == [("PATH_REMOVED", "/ink")]
    with pytest.raises(AddressError):
        space.describe("/ink")


def test_the_tree_accepts_a_value_of_every_description(space: OscQueryNamespace, tree: Tree) -> None:
    """What a client reads it may write: the description is true."""
    for path in tree.addresses():
        node = space.describe(path)
        if not node["ACCESS"] & 2 or node["TYPE"] == "I":
            continue
        limits = node.get("RANGE") or [None] * len(node["TYPE"])
        for end in ("MIN", "MAX"):
            given = [
                (one or {}).get(end, (one or {}).get("VALS", ["word"])[0 if end == "MIN" else -1])
                if kind != "T"
                else end == "MAX"
                for kind, one in zip(node["TYPE"], limits, strict=True)
            ]
            try:
                tree.write(path, given)
            except KnobError as error:
                pytest.fail(f"{path} does not take {given}: {error}")
            if node["ACCESS"] & 1:
                assert space.describe(path)["VALUE"] == given


def test_host_info_lists_the_extensions() -> None:
    info = host_info("Here", "192.0.2.7", 9080, 9000)
    assert (info["OSC_IP"], info["OSC_PORT"], info["OSC_TRANSPORT"]) == ("192.0.2.7", 9000, "UDP")
    assert (info["WS_IP"], info["WS_PORT"], info["NAME"]) == ("192.0.2.7", 9080, "Here")
    assert info["EXTENSIONS"]["LISTEN"] is True
    assert "OSC_PORT" not in host_info("Here", "192.0.2.7", 9080, None)
