"""Which programs are for what: a row is a kind and the words that mean it.

``PROGRAMS`` goes by the program alone, ``BY_SUBCOMMAND`` by its first argument (the empty word is every other one).
"""

from __future__ import annotations

import re


def _rows(**kinds: str) -> dict[str, str]:
    return {word: kind for kind, words in kinds.items() for word in words.split()}


PROGRAMS = _rows(
    look=(
        "ls cat head tail grep egrep rg ag ack find fd pwd echo printf which type wc tree env stat file du df ps sleep "
        "true cd date whoami less more sort uniq cut awk jq column diff cmp comm id uname hostname test [ basename "
        "dirname realpath export set source . nl xxd od strings history man lsof pgrep top read for do done if then "
        "else fi while bat exit wait tr xargs seq yes hexdump md5sum sha256sum"
    ),
    test=(
        "pytest py.test tox nox jest vitest mocha ava rspec phpunit ctest bats playwright cypress unittest nextest "
        "trial karma nose2 behave"
    ),
    build=(
        "make gmake ninja cmake meson bazel buck gradle gradlew mvn mvnw ant sbt tsc webpack vite rollup esbuild gcc "
        "g++ clang clang++ rustc javac swiftc xcodebuild msbuild pip pip3 poetry pdm bundle composer brew apt apt-get"
    ),
    check=(
        "ruff mypy pyright flake8 pylint black isort bandit eslint prettier biome stylelint golangci-lint gofmt "
        "gofumpt goimports staticcheck rubocop shellcheck shfmt clippy rustfmt clang-format clang-tidy ktlint "
        "swiftlint pre-commit lint-imports hadolint markdownlint yamllint actionlint"
    ),
    change="rm mv cp mkdir rmdir touch chmod chown ln tee patch truncate unzip tar rsync install",
)

BY_SUBCOMMAND: dict[str, dict[str, str]] = {
    "git": {
        "": "git",
        **_rows(
            look=(
                "status diff log show branch remote rev-parse ls-files ls-tree ls-remote blame grep cat-file describe "
                "reflog shortlog config rev-list merge-base fetch for-each-ref check-ignore name-rev show-ref"
            )
        ),
    },
    "gh": {"": "git", **_rows(look="view list status diff checks")},
    "cargo": {"": "run", **_rows(test="test nextest", check="clippy fmt", build="build check install add update doc")},
    "go": {
        "": "run",
        **_rows(test="test", check="vet fmt", build="build install mod get generate", look="doc version env list"),
    },
    "dotnet": {"": "run", **_rows(test="test", check="format", build="build restore publish")},
    "swift": {"": "run", **_rows(test="test", build="build")},
    "deno": {"": "run", **_rows(test="test", check="lint fmt check")},
    "zig": {"": "run", **_rows(test="test", build="build")},
    "mix": {"": "run", **_rows(test="test", check="format credo dialyzer", build="compile")},
    "docker": {"": "run", **_rows(look="ps images logs inspect", build="build")},
    "kubectl": {"": "run", **_rows(look="get describe logs")},
    "terraform": {"": "run", **_rows(check="validate fmt")},
    "uv": {"": "run", **_rows(build="sync add lock pip build remove venv")},
    "sed": {"": "look", "-i": "change"},
    "perl": {"": "run", "-i": "change", "-pi": "change"},
}

PACKAGE_RUNNERS = frozenset(_rows(script="npm pnpm yarn bun just task rake mise turbo nx make gradle gradlew mvn mvnw"))
"""Programs whose first argument names a script; the name tells what it is for."""

LOOKING_SCRIPTS = frozenset(("ls", "list", "view", "info", "outdated", "why", "-v", "--version"))

SCRIPT_NAMES = (
    ("test", re.compile(r"(?:^|[:_-])(?:tests?|spec|e2e|vitest|jest|verify)(?:$|[:_-])", re.IGNORECASE)),
    ("check", re.compile(r"lint|fmt|format|check|type|clippy|vet", re.IGNORECASE)),
    ("build", re.compile(r"build|compile|install|^ci$|^add$|dist|bundle|generate", re.IGNORECASE)),
)

RUNNERS = (
    ("uv", "run"), ("poetry", "run"), ("pdm", "run"), ("pipenv", "run"), ("hatch", "run"), ("bundle", "exec"),
    ("python", "-m"), ("python3", "-m"), ("npx",), ("bunx",), ("pnpm", "exec"), ("pnpm", "dlx"), ("yarn", "dlx"),
    ("sudo",), ("time",), ("nice",), ("env",), ("command",), ("exec",), ("nohup",), ("stdbuf",), ("mise", "exec", "--"),
    ("rtk",), ("then",), ("do",), ("!",),
)  # fmt: skip
"""Words in front of a program that only run it."""

WHOLE = frozenset(("./...", ".", "./", "--", "--all", "--workspace", "tests", "tests/", "test"))
"""Arguments that mean everything there is."""
