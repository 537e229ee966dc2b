-- What a commit writes, in one call instead of seven: an object of an attempt becomes live, the user's row
-- points at it, what it pointed at before is discarded, the upload is confirmed; all of it or nothing.
--
-- The user's row first: everybody who changes this avatar takes turns there. Each statement of a volatile
-- function looks anew, so what follows sees whatever those before us have done; and the clock, for the
-- statement that asked may have waited long.
--
-- outcome: 'confirmed', or why nothing was written: 'erased' (there is no such user), 'settled' (the upload
-- is no longer open), 'interrupted' (the janitor has taken the attempt).
CREATE FUNCTION "commit_upload"(
  "upload" text, "owner" text, "object" text, "wide" integer, "high" integer, "wait" double precision,
  OUT "outcome" text, OUT "at" timestamptz
) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  "previous" text;
BEGIN
  SELECT "avatar_key" INTO "previous" FROM "users" WHERE "id" = "owner" FOR UPDATE;
  IF NOT FOUND THEN
    "outcome" := 'erased';
    RETURN;
  END IF;
  PERFORM FROM "uploads"
    WHERE "id" = "upload" AND "user_id" = "owner" AND "confirmed_at" IS NULL AND "discarded_at" IS NULL
      AND "expires_at" > clock_timestamp()
    FOR UPDATE;
  IF NOT FOUND THEN
    "outcome" := 'settled';
    RETURN;
  END IF;
  "at" := now()::timestamptz(3); -- as the columns round it
  UPDATE "objects" SET "verified_at" = "at", "purge_after" = NULL, "width" = "wide", "height" = "high"
    WHERE "key" = "object" AND "discarded_at" IS NULL;
  IF NOT FOUND THEN
    "outcome" := 'interrupted';
    RETURN;
  END IF;
  UPDATE "uploads" SET "confirmed_at" = "at", "object_key" = "object" WHERE "id" = "upload";
  UPDATE "users" SET "avatar_key" = "object" WHERE "id" = "owner";
  IF "previous" IS NOT NULL THEN
    UPDATE "objects" SET "discarded_at" = "at", "purge_after" = clock_timestamp() + make_interval(secs => "wait")
      WHERE "key" = "previous";
  END IF;
  "outcome" := 'confirmed';
END
$$;
