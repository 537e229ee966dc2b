#!/bin/sh
# Makes a picture the avatar of the token's user: create, send, confirm. Prints the confirmed upload.
# usage: API=https://directo.example TOKEN=… ./upload.sh picture.png
set -eu

[ $# = 1 ] && [ "${API-}" ] && [ "${TOKEN-}" ] || { sed -n 's/^# usage/usage/p' "$0" >&2; exit 2; }
picture=$1
[ -r "$picture" ] || { echo "upload.sh: $picture cannot be read" >&2; exit 2; }
case $picture in
  *.[jJ][pP][gG] | *.[jJ][pP][eE][gG]) type=image/jpeg ;;
  *.[pP][nN][gG]) type=image/png ;;
  *.[wW][eE][bB][pP]) type=image/webp ;;
  *.[gG][iI][fF]) type=image/gif ;;
  *.[aA][vV][iI][fF]) type=image/avif ;;
  *) echo "upload.sh: $picture is no jpeg, png, webp, gif or avif by its name" >&2 && exit 2 ;;
esac
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# With the answer in its file, what --retry repeats does not leave half an answer before the whole one.
ask() {
  curl -sS -g --fail-with-body --retry 3 --retry-max-time 20 -o "$answer" "$@" && return
  [ $? = 22 ] && { cat "$answer"; echo; } >&2
  exit 1
}

# From curl's input, where other users of the machine do not see the token.
api() { printf 'header = "authorization: Bearer %s"\n' "$TOKEN" | ask -K - "$@"; }

# What is read here is base64, hex, dates and URLs: no quotes, commas or braces within.
text() { sed "s/.*\"$1\":\"\([^\"]*\)\".*/\1/" "$answer"; }
each() { sed "s/.*\"$1\":{\([^}]*\)}.*/\1/" "$answer" | tr , '\n' | sed -n "s/\"\(.*\)\":\"\(.*\)\"/$2/p"; }

api "$API/api/uploads" -H 'content-type: application/json' -d "{
  \"purpose\": \"avatar\", \"contentType\": \"$type\", \"sizeBytes\": $(($(wc -c < "$picture"))) }"
id=$(text id) url=$(text url)

case $(text method) in
  POST) each fields 'form-string = "\1=\2"' | ask -K - -F "file=@\"$picture\"" "$url" ;;
  PUT) each headers 'header = "\1: \2"' | ask -K - -T "$picture" "$url" ;;
esac

api -X POST "$API/api/uploads/$id/confirm"
cat "$answer" && echo
