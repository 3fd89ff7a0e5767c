"""How much memory there is to spare."""

from __future__ import annotations

from sim.files import memory


def test_the_memory_to_spare_is_that_of_the_machine_or_of_its_container(tmp_path, monkeypatch):
    meminfo, group = tmp_path / "meminfo", tmp_path / "group"
    group.mkdir()
    monkeypatch.setattr(memory, "MEMINFO", meminfo)
    monkeypatch.setattr(memory, "GROUP", group)
    assert memory.available() is None or memory.available() > 1e8  # all that there is
    meminfo.write_text("MemTotal:  9000 kB\nMemAvailable:    2000 kB\n", encoding="ascii")
    assert memory.available() == 2000 * 1024
    (group / "memory.max").write_text("max\n", encoding="ascii")
    (group / "memory.current").write_text("1000\n", encoding="ascii")
    assert memory.available() == 2000 * 1024
    (group / "memory.max").write_text("5000\n", encoding="ascii")
    assert memory.available() == 4000


def test_a_system_that_tells_nothing_refuses_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "MEMINFO", tmp_path / "none")
    monkeypatch.setattr(memory, "GROUP", tmp_path)
    monkeypatch.delattr("os.sysconf")
    assert memory.available() is None
