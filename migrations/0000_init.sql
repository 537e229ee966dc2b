CREATE TABLE "objects" (
	"key" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"upload_id" text NOT NULL,
	"content_type" text NOT NULL,
	"size_bytes" bigint NOT NULL,
	"width" integer,
	"height" integer,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"verified_at" timestamp (3) with time zone,
	"discarded_at" timestamp (3) with time zone,
	"purge_after" timestamp (3) with time zone,
	"purged_at" timestamp (3) with time zone,
	"live" boolean GENERATED ALWAYS AS (verified_at is not null and discarded_at is null) STORED NOT NULL,
	CONSTRAINT "objects_reference" UNIQUE("key","user_id","live"),
	CONSTRAINT "objects_key" CHECK ("objects"."key" ~ '^avatars/[0-9a-f]{32}$'),
	CONSTRAINT "objects_measured" CHECK (verified_at is null or (width > 0 and height > 0)),
	CONSTRAINT "objects_purgeable" CHECK (purge_after is not null or live),
	CONSTRAINT "objects_purged_discarded" CHECK (purged_at is null or discarded_at is not null)
);
--> statement-breakpoint
CREATE TABLE "uploads" (
	"id" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"purpose" text NOT NULL,
	"content_type" text NOT NULL,
	"size_bytes" bigint NOT NULL,
	"sha256" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"confirmed_at" timestamp (3) with time zone,
	"object_key" text,
	"reasons" jsonb,
	"discarded_at" timestamp (3) with time zone,
	"purge_after" timestamp (3) with time zone NOT NULL,
	"purged_at" timestamp (3) with time zone,
	CONSTRAINT "uploads_id" CHECK ("uploads"."id" ~ '^[0-9a-f]{32}$'),
	CONSTRAINT "uploads_one_outcome" CHECK (confirmed_at is null or discarded_at is null),
	CONSTRAINT "uploads_confirmed_object" CHECK ((confirmed_at is null) = (object_key is null)),
	CONSTRAINT "uploads_rejected_discarded" CHECK (reasons is null or discarded_at is not null)
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" text PRIMARY KEY NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"avatar_key" text,
	"avatar_live" boolean GENERATED ALWAYS AS (case when avatar_key is not null then true end) STORED
);
--> statement-breakpoint
ALTER TABLE "users" ADD CONSTRAINT "users_avatar_is_live" FOREIGN KEY ("avatar_key","id","avatar_live") REFERENCES "public"."objects"("key","user_id","live") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "objects_due" ON "objects" USING btree ("purge_after") WHERE purged_at is null and purge_after is not null;--> statement-breakpoint
CREATE INDEX "objects_of_upload" ON "objects" USING btree ("upload_id");--> statement-breakpoint
CREATE INDEX "uploads_open" ON "uploads" USING btree ("user_id") WHERE confirmed_at is null and discarded_at is null;--> statement-breakpoint
CREATE INDEX "uploads_overdue" ON "uploads" USING btree ("expires_at") WHERE confirmed_at is null and discarded_at is null;--> statement-breakpoint
CREATE INDEX "uploads_due" ON "uploads" USING btree ("purge_after") WHERE purged_at is null;--> statement-breakpoint
CREATE INDEX "users_avatar_key" ON "users" USING btree ("avatar_key") WHERE avatar_key is not null;