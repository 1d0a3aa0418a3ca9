"""scripts/bench/relay/servers.py: what is not on this machine is left out of the bench."""

import runpy
from pathlib import Path

import pytest

SERVERS = Path(__file__).resolve().parents[2] / "scripts" / "bench" / "relay" / "servers.py"


def test_without_compiler_and_postfix_there_is_no_server_and_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers = runpy.run_path(str(SERVERS))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(servers["found"].__globals__, "found", lambda _name: None)
    with servers["those_here"]() as ports:
        assert ports == {}
    assert "compiler" in servers["needed"]("fast sink")
    assert "Postfix" in servers["needed"]("smtp-sink")
