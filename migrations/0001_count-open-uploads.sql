-- How many uploads a user has open. The lock makes creates of one user take turns until the
-- statement that asked has committed; being volatile, the function then counts with a fresh
-- snapshot, so a hundred creates at once cannot all see room for one more.
CREATE FUNCTION "count_open_uploads"("owner" text) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('directo:uploads:' || "owner", 0));
  RETURN (
    SELECT count(*) FROM "uploads"
    WHERE "user_id" = "owner" AND "confirmed_at" IS NULL AND "discarded_at" IS NULL
      AND "expires_at" > now()
  );
END
$$;
