-- AlterTable
ALTER TABLE `orders` ADD COLUMN `shipped_at` DATETIME(3) NULL,
    ADD COLUMN `tracking_code` VARCHAR(64) NULL;

-- CreateIndex
CREATE INDEX `orders_tracking_code_idx` ON `orders`(`tracking_code`);
