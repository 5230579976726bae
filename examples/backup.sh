#!/bin/sh
# Back up a running team server, or bring one back. Standard tools only: git, sqlite3 (through Python) or pg_dump, tar.
#
#   backup.sh save FOLDER       into a new folder
#   backup.sh restore FOLDER    into an empty data folder and an empty database; the server must not run
#
# Reads OPENSESSION_DATA_DIR and DATABASE_URL as the server does. The index is not saved: it is made again.
# People are saved before repositories: a session that comes in between is then in its repository without a receipt,
# which the next start writes; the other way round a receipt could name a session that is not there.
set -eu
umask 077

data=${OPENSESSION_DATA_DIR:-data}
action=${1:-}
folder=${2:-}
[ -n "$folder" ] || { sed -n '2,9p' "$0" >&2; exit 2; }

is_postgresql() {
  case "${DATABASE_URL:-}" in postgres://* | postgresql://*) return 0 ;; *) return 1 ;; esac
}

people_file() {
  case "${DATABASE_URL:-}" in
    "") echo "$data/opensession.db" ;;
    sqlite:///*) echo "${DATABASE_URL#sqlite://}" ;;
    *) echo "$DATABASE_URL" ;;
  esac
}

save() {
  mkdir "$folder"
  mkdir "$folder/repositories"
  if is_postgresql; then
    pg_dump --format=custom --exclude-table='index_*' --file="$folder/people.dump" "$DATABASE_URL"
  else
    python3 - "$(people_file)" "$folder/people.db" <<'PYTHON'
import sqlite3, sys
source, target = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True), sqlite3.connect(sys.argv[2])
with target:
    source.backup(target)
PYTHON
  fi
  find "$data/repositories" -type d -name '*.git' -prune | while read -r repository; do
    name=$(basename "$repository" .git)
    # A bundle is whole or fails; a repository without a session has nothing to bundle.
    if [ -n "$(git -C "$repository" for-each-ref --count=1)" ]; then
      git -C "$repository" bundle create --quiet "$(cd "$folder" && pwd)/repositories/$name.bundle" --all
    fi
  done
  [ ! -f "$data/dev-secret" ] || cp "$data/dev-secret" "$folder/"
  echo "saved $(find "$folder/repositories" -name '*.bundle' | wc -l) repositories and the people in $folder"
  echo "Keep JWT_SECRET with it: without it no key works any more."
}

restore() {
  mkdir -p "$data"
  if is_postgresql; then
    pg_restore --exit-on-error --no-owner --dbname="$DATABASE_URL" "$folder/people.dump"
  else
    [ ! -e "$(people_file)" ] || { echo "there is a database in $(people_file) already" >&2; exit 1; }
    cp "$folder/people.db" "$(people_file)"
  fi
  [ ! -f "$folder/dev-secret" ] || cp "$folder/dev-secret" "$data/"
  for bundle in "$folder"/repositories/*.bundle; do
    [ -e "$bundle" ] || break
    space=$(basename "$bundle" .bundle)
    # The server makes the repository itself, with its own settings, when it knows the name.
    place=$(opensession admin make-repository "$space")
    git -C "$place" fetch --quiet "$bundle" '+refs/*:refs/*'
  done
  echo "restored; the next start makes the index again"
}

case $action in
  save) save ;;
  restore) restore ;;
  *) sed -n '2,9p' "$0" >&2; exit 2 ;;
esac
