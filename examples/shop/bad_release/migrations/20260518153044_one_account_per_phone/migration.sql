-- AlterTable
ALTER TABLE `Customer` ADD COLUMN `phoneDigits` VARCHAR(32) NULL;

-- The same number is written in many ways: compare the digits only.
UPDATE `Customer` SET `phoneDigits` = REGEXP_REPLACE(`phone`, '[^0-9]', '') WHERE `phone` IS NOT NULL;

-- CreateTable
CREATE TABLE `PhoneVerification` (
    `id` INTEGER NOT NULL AUTO_INCREMENT,
    `customerId` INTEGER NOT NULL,
    `code` CHAR(6) NOT NULL,
    `sentAt` DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),

    UNIQUE INDEX `PhoneVerification_customerId_key`(`customerId`),
    PRIMARY KEY (`id`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- AddForeignKey
ALTER TABLE `PhoneVerification` ADD CONSTRAINT `PhoneVerification_customerId_fkey` FOREIGN KEY (`customerId`) REFERENCES `Customer`(`id`) ON DELETE CASCADE ON UPDATE CASCADE;

-- CreateIndex
CREATE UNIQUE INDEX `Customer_phoneDigits_key` ON `Customer`(`phoneDigits`);
