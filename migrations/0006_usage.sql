CREATE TABLE "usage" (
	"facts" jsonb,
	"computed_at" timestamp (3) with time zone,
	"due_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
INSERT INTO "usage" DEFAULT VALUES;
