-- As before, but found by the index of what is not purged yet: an open upload never is.
CREATE OR REPLACE FUNCTION "count_open_uploads"("owner" text) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('directo:uploads:' || "owner", 0));
  RETURN (
    SELECT count(*) FROM "uploads"
    WHERE "user_id" = "owner" AND "purged_at" IS NULL AND "confirmed_at" IS NULL
      AND "discarded_at" IS NULL AND "expires_at" > now()
  );
END
$$;
--> statement-breakpoint
-- Whether a token of a user is void because the user was erased after it was issued; one that does not
-- say when counts as old. Volatile, so that it sees an erasure which the statement that asks waited for.
CREATE FUNCTION "was_erased"("owner" text, "issued" timestamptz) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  RETURN EXISTS (
    SELECT FROM "users"
    WHERE "id" = "owner" AND "erased_at" >= coalesce("issued", '-infinity')
  );
END
$$;
--> statement-breakpoint
INSERT INTO "installation" DEFAULT VALUES;
