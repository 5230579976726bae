"""What the environment files of a working directory give to redaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opensession.redact import env_values, envfile

if TYPE_CHECKING:
    from pathlib import Path


def test_values_that_could_be_secret_are_taken_and_everyday_ones_are_not(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "# a comment\nexport DB_PASSWORD='w1nter frost#9'\nAPI=k3y-of-the-house # why\nQUOTED=\"a=b;c$d9\"\n"
        "PORT=12345678\nDEBUG=true\nMODE=production\nURL=https://example.org/a\n"
        "HOST=db.example.org\nDIR=/var/lib/shop\n"
        "SHORT=a1b2\nREGION=eu-central-1\nEMPTY=\nLOGIN_URL=postgres://u:s3cr3t77@h/d\n"
        "PLACE=your-api-key-here\nnot a line\n"
    )
    (tmp_path / ".env.local").write_text("LOCAL=zw3i7tes_geheimnis\n")
    (tmp_path / ".env.example").write_text("SAMPLE=n0t-read-at-all\n")
    assert set(env_values(tmp_path)) == {
        "w1nter frost#9",
        "k3y-of-the-house",
        "a=b;c$d9",
        "postgres://u:s3cr3t77@h/d",
        "zw3i7tes_geheimnis",
    }


def test_links_folders_large_files_and_missing_directories_are_passed_over(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("SECRET=outs1de-the-directory\n")
    work = tmp_path / "work"
    work.mkdir()
    (work / ".env").symlink_to(outside)
    (work / ".env.d").mkdir()
    (work / ".env.large").write_text("BIG=" + "x9" * envfile.MAX_BYTES)
    (work / ".env.bad").write_bytes(b"\xff\xfeA=\x00\nGOOD=st1ll-read-this\n")
    assert env_values(work) == ("st1ll-read-this",)
    assert env_values(tmp_path / "nowhere") == ()
    assert env_values(outside) == ()


def test_there_is_a_limit_to_how_many_values_are_kept(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("".join(f"K{n}=v4lue-number-{n:06d}x\n" for n in range(2 * envfile.MAX_VALUES)))
    assert len(env_values(tmp_path)) == envfile.MAX_VALUES
