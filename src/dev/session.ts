// What npm run dev prints: where everything is, and a curl session that can be pasted.

/** One screen for a person who has just started Directo. */
export const screen = (address: string, s3: string, token: string, stored: string) => `
  Directo is running, with a Postgres and an S3 sandbox of its own.

  Page    ${address}, to try it in a browser
  API     ${address}/api
  Docs    ${address}/docs
  S3      ${s3}
  Data    ${stored}, kept between starts; delete it to start anew
          jwt-secret in it signs tokens; the one below is ada's for 12 hours

  Paste this to upload a picture as the demo user "ada":

${session(address, token, 'examples/ada.png')}

  Ctrl-C stops everything.
`

/** The whole two-step upload for a POSIX shell with curl and node: create, send, confirm, see. */
export const session = (address: string, token: string, picture: string) => `API=${address}
TOKEN=${token}
PICTURE=${picture}
AUTH="authorization: Bearer $TOKEN"
get() { node -pe "JSON.parse(process.argv[1]).$2" "$1"; }
form() { node -pe 'Object.entries(JSON.parse(process.argv[1]).request.fields).map(([k, v]) => \`form-string = "\${k}=\${v}"\`).join("\\n")' "$1"; }

UPLOAD=$(curl -sS $API/api/uploads -H "$AUTH" -H "content-type: application/json" -d "{\\"purpose\\":\\"avatar\\",\\"contentType\\":\\"image/png\\",\\"sizeBytes\\":$(wc -c < $PICTURE)}")
form "$UPLOAD" | curl -sS -K - -F file=@$PICTURE "$(get "$UPLOAD" request.url)"
curl -sS -X POST $API/api/uploads/$(get "$UPLOAD" id)/confirm -H "$AUTH"; echo
AVATAR=$(curl -sS $API/api/users/me/avatar -H "$AUTH")
curl -sS "$(get "$AVATAR" url)" | cmp - $PICTURE && echo "The picture came back byte for byte."`
