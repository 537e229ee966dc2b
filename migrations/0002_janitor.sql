CREATE TABLE "installation" (
	"id" text PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "walks" (
	"name" text PRIMARY KEY NOT NULL,
	"after" text DEFAULT '' NOT NULL,
	"begun_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp (3) with time zone,
	"held_until" timestamp (3) with time zone NOT NULL,
	"listed" bigint DEFAULT 0 NOT NULL,
	"strays" bigint DEFAULT 0 NOT NULL,
	"removed" bigint DEFAULT 0 NOT NULL,
	"dangling" bigint DEFAULT 0 NOT NULL
);
--> statement-breakpoint
DROP INDEX "objects_of_upload";--> statement-breakpoint
DROP INDEX "uploads_open";--> statement-breakpoint
DROP INDEX "uploads_overdue";--> statement-breakpoint
DROP INDEX "users_avatar_key";--> statement-breakpoint
ALTER TABLE "objects" ADD COLUMN "purge_attempts" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "uploads" ADD COLUMN "purge_attempts" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "erased_at" timestamp (3) with time zone;--> statement-breakpoint
CREATE INDEX "objects_of_user" ON "objects" USING btree ("user_id") WHERE purged_at is null;--> statement-breakpoint
CREATE INDEX "objects_settled" ON "objects" USING btree ("purged_at") WHERE purged_at is not null;--> statement-breakpoint
CREATE INDEX "uploads_of_user" ON "uploads" USING btree ("user_id") WHERE purged_at is null;--> statement-breakpoint
CREATE INDEX "uploads_settled" ON "uploads" USING btree ("purged_at") WHERE purged_at is not null;--> statement-breakpoint
CREATE INDEX "users_erased" ON "users" USING btree ("erased_at") WHERE erased_at is not null;--> statement-breakpoint
CREATE INDEX "users_avatar_key" ON "users" USING btree (avatar_key collate "C") WHERE avatar_key is not null;--> statement-breakpoint
ALTER TABLE "uploads" ADD CONSTRAINT "uploads_purged_settled" CHECK (purged_at is null or confirmed_at is not null or discarded_at is not null);