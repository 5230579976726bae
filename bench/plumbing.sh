#!/bin/sh
# The reference of a publish: the same session stored by git's plumbing, without parsing or redacting anything.
# usage: plumbing.sh SEGMENT META SESSION-ID   (in the repository)
set -eu
ref=refs/heads/opensession/sessions
digest=$(printf %s "$3" | sha256sum)
a=$(echo "$digest" | cut -c1-2)
b=$(echo "$digest" | cut -c3-4)
segment=$(git hash-object -w "$1")
meta=$(git hash-object -w "$2")
session=$(printf '100644 blob %s\t0000.hail.jsonl\n100644 blob %s\tmeta.json\n' "$segment" "$meta" | git mktree)
tip=$(git rev-parse --verify -q "$ref" || true)

# One level up: the folder's present entries with ours put in.
level() { # path name tree
    { [ -z "$tip" ] || git ls-tree "$tip:$1" 2>/dev/null | grep -v "	$2\$" || true; printf '040000 tree %s\t%s\n' "$3" "$2"; } | git mktree
}
tree=$(level "v1/$a/$b" "$3" "$session")
tree=$(level "v1/$a" "$b" "$tree")
tree=$(level "v1" "$a" "$tree")
root=$(printf '040000 tree %s\tv1\n' "$tree" | git mktree)
commit=$(printf 'session: benchmark\n\nSession-Id: %s\n' "$3" | git commit-tree "$root" ${tip:+-p "$tip"})
git update-ref "$ref" "$commit" "$tip"
